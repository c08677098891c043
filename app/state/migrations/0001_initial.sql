CREATE TABLE summaries (
    summary_id TEXT PRIMARY KEY,
    created_at TEXT NOT NULL,
    caller     TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    template   TEXT NOT NULL,
    mode       TEXT NOT NULL,
    digest     TEXT NOT NULL,
    note_ids   TEXT NOT NULL,
    provenance TEXT NOT NULL,
    body       BLOB NOT NULL
) STRICT;
CREATE INDEX summaries_by_patient ON summaries (patient_id, created_at);

CREATE TABLE feedback (
    feedback_id  TEXT PRIMARY KEY,
    created_at   TEXT NOT NULL,
    caller       TEXT NOT NULL,
    summary_id   TEXT NOT NULL REFERENCES summaries (summary_id),
    statement_id TEXT,
    verdict      TEXT NOT NULL,
    comment      TEXT NOT NULL
) STRICT;
CREATE INDEX feedback_by_summary ON feedback (summary_id);

CREATE TABLE audit (
    entry_id   INTEGER PRIMARY KEY AUTOINCREMENT,
    at         TEXT NOT NULL,
    request_id TEXT NOT NULL,
    caller     TEXT NOT NULL,
    action     TEXT NOT NULL,
    patient_id TEXT,
    purpose    TEXT NOT NULL,
    note_ids   TEXT NOT NULL,
    summary_id TEXT,
    target     TEXT,
    outcome    TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_patient ON audit (patient_id, at);
CREATE INDEX audit_by_time ON audit (at);
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE sessions (
    session_digest TEXT PRIMARY KEY,
    caller         TEXT NOT NULL,
    key_digest     TEXT NOT NULL,
    created_at     REAL NOT NULL,
    expires_at     REAL NOT NULL
) STRICT;
