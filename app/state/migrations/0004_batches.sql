CREATE TABLE batches (
    batch_id       TEXT PRIMARY KEY,
    created_at     TEXT NOT NULL,
    caller         TEXT NOT NULL,
    request_id     TEXT NOT NULL,
    purpose        TEXT NOT NULL,
    key_digest     TEXT,
    request_digest TEXT NOT NULL,
    state          TEXT NOT NULL,
    finished_at    TEXT,
    UNIQUE (caller, key_digest)
) STRICT;

CREATE TABLE batch_items (
    batch_id   TEXT NOT NULL REFERENCES batches (batch_id),
    position   INTEGER NOT NULL,
    patient_id TEXT NOT NULL,
    request    TEXT NOT NULL,
    state      TEXT NOT NULL,
    summary_id TEXT,
    code       TEXT,
    detail     TEXT NOT NULL,
    PRIMARY KEY (batch_id, position)
) STRICT;
CREATE INDEX batch_items_by_patient ON batch_items (patient_id);
