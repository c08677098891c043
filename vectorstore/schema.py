"""Tables of the SQLite files, and how these are opened.

A finished file is opened read-only and immutable: SQLite then takes no lock and looks for no journal.
`note_key` rises in chart order, so that all rows of a patient lie side by side. `checksum` is that of a whole note, its
vectors included; notes that were migrated have none.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

CATALOG_SCHEMA = """
CREATE TABLE patients (
    patient_key INTEGER PRIMARY KEY, patient_id TEXT NOT NULL UNIQUE, first_note INTEGER NOT NULL,
    last_note INTEGER NOT NULL, first_vector INTEGER NOT NULL, vectors INTEGER NOT NULL, digest TEXT NOT NULL,
    quarantined INTEGER NOT NULL, skipped TEXT NOT NULL);
CREATE TABLE notes (
    note_key INTEGER PRIMARY KEY, note_id TEXT NOT NULL UNIQUE, patient_key INTEGER NOT NULL, encounter_id TEXT,
    note_type TEXT NOT NULL, charted_at TEXT, characters INTEGER NOT NULL, source TEXT NOT NULL,
    digest TEXT NOT NULL, row_digest TEXT, metadata TEXT, checksum INTEGER);
CREATE TABLE texts (note_key INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE labels (label_key INTEGER PRIMARY KEY, heading TEXT NOT NULL, kind TEXT NOT NULL);
CREATE TABLE sections (
    note_key INTEGER, ordinal INTEGER, start INTEGER NOT NULL, end INTEGER NOT NULL, label_key INTEGER NOT NULL,
    PRIMARY KEY (note_key, ordinal)) WITHOUT ROWID;
CREATE TABLE sentences (
    note_key INTEGER, ordinal INTEGER, start INTEGER NOT NULL, end INTEGER NOT NULL, label_key INTEGER NOT NULL,
    PRIMARY KEY (note_key, ordinal)) WITHOUT ROWID;
CREATE TABLE chunks (
    note_key INTEGER, ordinal INTEGER, start INTEGER NOT NULL, end INTEGER NOT NULL, label_key INTEGER NOT NULL,
    first_sentence INTEGER NOT NULL, last_sentence INTEGER NOT NULL,
    PRIMARY KEY (note_key, ordinal)) WITHOUT ROWID;
CREATE TABLE facts (
    note_key INTEGER, ordinal INTEGER, kind TEXT NOT NULL, name TEXT NOT NULL, sentence INTEGER NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL, assertion TEXT NOT NULL, action TEXT NOT NULL, dose TEXT NOT NULL,
    route TEXT NOT NULL, frequency TEXT NOT NULL, reaction TEXT NOT NULL, value TEXT NOT NULL, unit TEXT NOT NULL,
    PRIMARY KEY (note_key, ordinal)) WITHOUT ROWID;
"""

DIRECTORY_SCHEMA = """
CREATE TABLE patients (
    patient_id TEXT PRIMARY KEY, folded TEXT NOT NULL, segment TEXT NOT NULL, patient_key INTEGER NOT NULL,
    notes INTEGER NOT NULL, vectors INTEGER NOT NULL, first_charted_at TEXT, last_charted_at TEXT) WITHOUT ROWID;
"""

# `state` is one row: what the notes were made with, and how many vectors of the file are committed. `holes` are
# vectors of removed notes that are still to be wiped. `rows` is JSON: sections, sentences, chunks, facts.
STAGING_SCHEMA = (
    "CREATE TABLE state (specs TEXT NOT NULL, vectors INTEGER NOT NULL)",
    "CREATE TABLE holes (first INTEGER NOT NULL, count INTEGER NOT NULL)",
    """CREATE TABLE notes (
    note_key INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, row_digest TEXT, note_id TEXT NOT NULL,
    patient_id TEXT NOT NULL, encounter_id TEXT, note_type TEXT NOT NULL, charted_at TEXT, source TEXT NOT NULL,
    metadata TEXT, text TEXT NOT NULL, rows TEXT NOT NULL, first_vector INTEGER NOT NULL, vectors INTEGER NOT NULL,
    checksum INTEGER NOT NULL)""",
    "CREATE INDEX notes_by_row ON notes (row_digest)",
    "CREATE INDEX notes_by_patient ON notes (patient_id)",
)


def create(path: Path, schema: str) -> sqlite3.Connection:
    """A new database that nobody reads before it is finished, so it keeps no journal and syncs once, at the end."""
    connection = open_for_update(path)
    connection.executescript(schema)
    return connection


def open_for_update(path: Path) -> sqlite3.Connection:
    """An unpublished database, to be changed by its only user."""
    connection = sqlite3.connect(path.absolute().as_uri(), uri=True, isolation_level=None)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -32768")
    return connection


def open_journaled(path: Path) -> sqlite3.Connection:
    """A database that changes in place, whole after any crash; what is deleted from it is wiped."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA cache_size = -65536")
    return connection


def open_finished(path: Path) -> sqlite3.Connection:
    """A finished database, read-only and immutable, for use from any thread under the caller's lock."""
    connection = sqlite3.connect(finished_uri(path), uri=True, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


@contextmanager
def attached(connection: sqlite3.Connection, **paths: Path) -> Iterator[None]:
    """Finished databases under names of their own beside that of a connection with no transaction open."""
    done = []
    try:
        for name, path in paths.items():
            connection.execute("ATTACH ? AS " + name, (finished_uri(path),))
            done.append(name)
        yield
    finally:
        for name in done:
            connection.execute("DETACH " + name)


def finished_uri(path: Path) -> str:
    """What a finished database is attached by."""
    return f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
