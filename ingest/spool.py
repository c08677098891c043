"""Rows of a run on disk, so that a source need not be sorted by patient nor fit into memory.

The database has no name in the file system once it is open: after a crash no note is left behind.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeAlias

from core.records import Note
from ingest.sources import Reason, Rejected
from vectorstore.digests import note_digest

_SCHEMA = """
CREATE TABLE notes (
    note_id TEXT PRIMARY KEY, patient_id TEXT NOT NULL, encounter_id TEXT, note_type TEXT NOT NULL, charted_at TEXT,
    text TEXT NOT NULL, source TEXT NOT NULL, digest TEXT NOT NULL);
CREATE TABLE set_aside (
    patient_id TEXT NOT NULL, source TEXT NOT NULL, reason TEXT NOT NULL, place TEXT NOT NULL, note_id TEXT);
"""
Added: TypeAlias = Literal["new", "same", "other"]


@dataclass(frozen=True, slots=True)
class SpooledNote:
    """A note of this run with its source and the digest it is stored under."""

    note: Note
    source: str
    digest: str


class Spool:
    """Notes and set-aside rows of one run, read back by patient. A context manager."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".spool-", dir=folder) as place:
            self._db = sqlite3.connect(Path(place) / "spool.sqlite", isolation_level=None)
            self._db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY;")
            self._db.executescript(_SCHEMA)
        self._db.execute("BEGIN")
        self.notes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def add(self, note: Note, source: str) -> Added:
        """Keep a note. `same`: its id is here with the very same note; `other`: with another one; neither is kept."""
        fields = (note.note_id, note.patient_id, note.encounter_id, note.note_type, note.charted_at, note.text)
        kept = self._db.execute(
            "INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (*fields, source, note_digest(note, source)),
        ).rowcount
        if kept:
            self.notes += 1
            return "new"
        first = self._db.execute(
            "SELECT note_id, patient_id, encounter_id, note_type, charted_at, text FROM notes WHERE note_id = ?",
            (note.note_id,),
        ).fetchone()
        return "same" if first == fields else "other"

    def set_aside(self, row: Rejected, source: str) -> None:
        """Keep a rejected row for the coverage of its patient, where that is known."""
        if row.patient_id is not None and row.reason is not Reason.DUPLICATE:
            fields = (row.patient_id, source, row.reason.value, row.where, row.note_id)
            self._db.execute("INSERT INTO set_aside VALUES (?, ?, ?, ?, ?)", fields)

    def finish(self) -> None:
        """Everything is here; make reading by patient quick."""
        self._db.execute("CREATE INDEX notes_by_patient ON notes (patient_id)")
        self._db.execute("CREATE INDEX set_aside_by_patient ON set_aside (patient_id)")

    def patients(self) -> Iterator[str]:
        """Every patient of whom there is anything, in order of id."""
        rows = self._db.execute("SELECT patient_id FROM notes UNION SELECT patient_id FROM set_aside ORDER BY 1")
        return (patient_id for (patient_id,) in rows)

    def notes_of(self, patient_id: str) -> list[SpooledNote]:
        """A patient's notes, oldest first, undated ones first of all."""
        rows = self._db.execute(
            "SELECT note_id, patient_id, encounter_id, note_type, charted_at, text, source, digest FROM notes "
            "WHERE patient_id = ? ORDER BY coalesce(charted_at, ''), note_id",
            (patient_id,),
        )
        return [SpooledNote(Note(*fields), source, digest) for *fields, source, digest in rows]

    def set_aside_of(self, patient_id: str) -> list[tuple[str, Rejected]]:
        """A patient's rejected rows, each with its source."""
        rows = self._db.execute(
            "SELECT source, reason, place, note_id FROM set_aside WHERE patient_id = ? ORDER BY rowid", (patient_id,)
        )
        return [
            (source, Rejected(Reason(reason), where, note_id, patient_id)) for source, reason, where, note_id in rows
        ]
