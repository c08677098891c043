CREATE TABLE traces (
    summary_id TEXT PRIMARY KEY REFERENCES summaries (summary_id),
    trace      BLOB NOT NULL
) STRICT;
