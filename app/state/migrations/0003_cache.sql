CREATE TABLE replays (
    summary_id TEXT PRIMARY KEY REFERENCES summaries (summary_id),
    note_ids   TEXT NOT NULL,
    events     TEXT NOT NULL
) STRICT;

CREATE TABLE summary_cache (
    key        TEXT PRIMARY KEY,
    summary_id TEXT NOT NULL REFERENCES summaries (summary_id),
    made_at    REAL NOT NULL
) STRICT;
CREATE INDEX summary_cache_by_summary ON summary_cache (summary_id);
CREATE INDEX summary_cache_by_age ON summary_cache (made_at);
