"""Looking at the staging from outside: whether every note that an interrupted run finished is still what it was."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core.records import Note
from vectorstore.digests import note_digest
from vectorstore.staging import DATABASE, STAGED_VECTORS, staged_checksum

_PAGE = 100


class StagingInUse(Exception):
    """A run is at work on it, or was killed in the midst of a write: only a writer can tell what is in it."""


def staging_is_whole(folder: Path) -> bool:
    """Whether the staging in a folder can be relied on; true where there is none. Writes nothing.

    Raises:
        StagingInUse: that cannot be told from outside.
    """
    database = folder / DATABASE
    if not database.exists() or not database.stat().st_size:
        # A run that was killed as it made the files may have left the first of them alone.
        return True
    journal = database.with_name(database.name + "-journal")
    if journal.exists() and journal.stat().st_size:
        raise StagingInUse
    try:
        with (
            closing(sqlite3.connect(f"file:{quote(str(database.absolute()))}?mode=ro", uri=True)) as db,
            (folder / STAGED_VECTORS).open("rb", buffering=0) as vectors,
        ):
            return _is_whole(db, vectors.fileno())
    except sqlite3.OperationalError as e:
        if getattr(e, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StagingInUse from e
        return False
    except (sqlite3.Error, OSError, ValueError, KeyError, TypeError):
        return False


def _is_whole(db: sqlite3.Connection, vectors: int) -> bool:
    db.execute("BEGIN")
    if not db.execute("SELECT 1 FROM sqlite_master").fetchall():
        return True
    if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        return False
    ((specs, committed),) = db.execute("SELECT specs, vectors FROM state").fetchall()
    stride = 4 * int(json.loads(specs)["embedding"]["dimension"])
    whole = os.fstat(vectors).st_size // stride
    return committed <= whole and all(_note_is_whole(row, vectors, stride, committed) for row in _notes(db))


def _notes(db: sqlite3.Connection) -> Iterator[Any]:
    after = 0
    while rows := db.execute(
        "SELECT note_key, digest, note_id, patient_id, encounter_id, note_type, charted_at, text, source, metadata, "
        "rows, first_vector, vectors, checksum FROM notes WHERE note_key > ? ORDER BY note_key LIMIT ?",
        (after, _PAGE),
    ).fetchall():
        yield from rows
        after = rows[-1][0]


def _note_is_whole(row: Any, vectors: int, stride: int, committed: int) -> bool:
    _, digest, *fields, source, metadata, parts, first, count, checksum = row
    if not 0 <= first <= first + count <= committed:
        return False
    content = os.pread(vectors, count * stride, first * stride)
    same = note_digest(Note(*fields), source) == digest and staged_checksum(content, parts, metadata) == checksum
    return bool(same)
