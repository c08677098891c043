"""What a run has met of each note, on disk: a source need not be sorted by patient, nor fit into memory.

No text lies here. The database has no name in the file system once it is open: after a crash nothing is left behind.
The empty folder that a crash within these first moments leaves goes with the next run.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from heapq import merge
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ingest.sources import Reason, Rejected

_PREFIX = ".spool-"
_SCHEMA = """
CREATE TABLE notes (
    note_id TEXT PRIMARY KEY, patient_id TEXT NOT NULL, source TEXT NOT NULL, content BLOB NOT NULL,
    state INTEGER NOT NULL, mark TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX notes_by_patient ON notes (patient_id, source);
CREATE TABLE set_aside (
    patient_id TEXT NOT NULL, source TEXT NOT NULL, reason TEXT NOT NULL, place TEXT NOT NULL, note_id TEXT);
CREATE INDEX set_aside_by_patient ON set_aside (patient_id, source);
CREATE TABLE contending (
    input INTEGER NOT NULL, number INTEGER NOT NULL, note_id TEXT NOT NULL, patient_id TEXT NOT NULL,
    source TEXT NOT NULL, holder TEXT NOT NULL, place TEXT NOT NULL, same INTEGER NOT NULL, content BLOB NOT NULL,
    lost INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (input, number)) WITHOUT ROWID;
CREATE TABLE touched (patient_id TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_CACHE_KIB = 65536


class State(IntEnum):
    """What is known of a note of this run: where its stored form lies."""

    PENDING = 0
    """Nowhere: it is being worked on, or was set aside."""
    LIVE = 1
    """In the live generation."""
    RENAMED = 2
    """In the live generation, where it goes by another row digest; `mark` is the new one."""
    STAGED = 3
    """In the staging, under the digest `mark`."""


@dataclass(frozen=True, slots=True)
class SpooledNote:
    """A note of this run and where its stored form lies."""

    note_id: str
    source: str
    state: State
    mark: str = ""


@dataclass(frozen=True, slots=True)
class SpooledChart:
    """All of one patient in this run: notes, and rejected rows with their sources."""

    patient_id: str
    notes: tuple[SpooledNote, ...] = ()
    set_aside: tuple[tuple[str, Rejected], ...] = ()


@dataclass(frozen=True, slots=True)
class SpooledCounts:
    """How much there is of one patient: notes that are as the live generation has them, by source, and all else."""

    patient_id: str
    live: Mapping[str, int]
    others: int = 0


@dataclass(frozen=True, slots=True)
class Holder:
    """The row that has a note id: its source, and whether it is the same row but for that."""

    source: str
    same: bool


@dataclass(frozen=True, slots=True)
class Contender:
    """A row that wants a note id which `holder` has: a source, by its live note or by a row of this run.

    `same` is true where it is the very row that the holder has.
    """

    note_id: str
    patient_id: str
    source: str
    holder: str
    where: str
    same: bool


class Spool:
    """Note ids of one run, each held by one row, and set-aside rows. A context manager; one at a time in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=folder) as place:
            self._db = sqlite3.connect(Path(place) / "spool.sqlite", isolation_level=None)
            self._db.executescript(
                f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{_CACHE_KIB};"
            )
            self._db.executescript(_SCHEMA)
        self._db.execute("BEGIN")
        self.notes = 0
        self.touched = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def claim(self, note: SpooledNote, patient_id: str, content: bytes) -> Holder | None:
        """Let a row have its note id, unless another row of this run has it, which is then told.

        `content` is the digest of the row's fields.
        """
        kept = self._db.execute(
            "INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (note.note_id, patient_id, note.source, content, int(note.state), note.mark),
        ).rowcount
        if kept:
            self.notes += 1
            return None
        source, first = self._db.execute(
            "SELECT source, content FROM notes WHERE note_id = ?", (note.note_id,)
        ).fetchone()
        return Holder(source, first == content)

    def contend(self, index: int, number: int, row: Contender, content: bytes) -> None:
        """Put off the decision on a row: the `number`th of the input `index`. `content` is the digest of its fields."""
        fields = (row.note_id, row.patient_id, row.source, row.holder, row.where, row.same, content)
        self._db.execute("INSERT INTO contending VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)", (index, number, *fields))

    def losers(self, incomplete: Iterable[str]) -> Iterator[Contender]:
        """Take out the rows whose id its holder brings again, or may bring: one of those that were not read whole.

        Whether such a row is the same is told by the one that the holder brings, where it does.
        """
        self._db.execute(
            "UPDATE contending SET lost = EXISTS (SELECT 1 FROM notes WHERE notes.note_id = contending.note_id)"
        )
        self._db.executemany("UPDATE contending SET lost = 1 WHERE holder = ?", ((source,) for source in incomplete))
        yield from self.contenders(lost=True)
        self._db.execute("DELETE FROM contending WHERE lost")

    def contenders(self, *, lost: bool = False) -> Iterator[Contender]:
        """The rows whose decision was put off, in the order of reading: those that lost, or the others."""
        rows = self._db.execute(
            "SELECT c.note_id, c.patient_id, c.source, c.holder, c.place, coalesce(n.content = c.content, c.same) "
            "FROM contending c LEFT JOIN notes n ON n.note_id = c.note_id WHERE c.lost = ? ORDER BY c.input, c.number",
            (lost,),
        )
        return (
            Contender(note_id, patient_id, source, holder, where, bool(same))
            for note_id, patient_id, source, holder, where, same in rows
        )

    def inputs_contending(self) -> list[int]:
        """The inputs with rows that are still to be decided on."""
        return [index for (index,) in self._db.execute("SELECT DISTINCT input FROM contending ORDER BY 1")]

    def lets_in(self, index: int, number: int, note_id: str) -> bool:
        """Whether a row is one that was to be decided on and did not lose; said of it once."""
        found = (index, number, note_id)
        asked = "DELETE FROM contending WHERE input = ? AND number = ? AND note_id = ?"
        return self._db.execute(asked, found).rowcount > 0

    def settle(self, note_id: str, state: State, mark: str) -> None:
        """Say where the stored form of a note lies."""
        self._db.execute("UPDATE notes SET state = ?, mark = ? WHERE note_id = ?", (int(state), mark, note_id))

    def has(self, note_id: str) -> bool:
        """Whether some row of this run has this note id."""
        return self._db.execute("SELECT 1 FROM notes WHERE note_id = ?", (note_id,)).fetchone() is not None

    def set_aside(self, row: Rejected, source: str) -> None:
        """Keep a rejected row for the coverage of its patient, where that is known."""
        if row.patient_id is not None and row.reason is not Reason.DUPLICATE:
            fields = (row.patient_id, source, row.reason.value, row.where, row.note_id)
            self._db.execute("INSERT INTO set_aside VALUES (?, ?, ?, ?, ?)", fields)

    def patients(self) -> Iterator[SpooledCounts]:
        """Every patient of whom there is anything, in order of id."""
        notes = self._db.execute(
            "SELECT patient_id, source, sum(state = ?), sum(state <> ?) FROM notes GROUP BY 1, 2 ORDER BY 1, 2",
            (int(State.LIVE), int(State.LIVE)),
        )
        aside = self._db.execute("SELECT patient_id, source, 0, count(*) FROM set_aside GROUP BY 1, 2 ORDER BY 1, 2")
        for patient_id, group in groupby(merge(notes, aside, key=itemgetter(0)), key=itemgetter(0)):
            rows = list(group)
            live = {source: count for _, source, count, _ in rows if count}
            yield SpooledCounts(patient_id, live, sum(others for *_, others in rows))

    def chart(self, patient_id: str) -> SpooledChart:
        """One patient."""
        notes = self._db.execute(
            "SELECT patient_id, 0, note_id, source, state, mark FROM notes WHERE patient_id = ? ORDER BY note_id",
            (patient_id,),
        )
        aside = self._db.execute(
            "SELECT patient_id, 1, source, reason, place, note_id FROM set_aside WHERE patient_id = ? ORDER BY rowid",
            (patient_id,),
        )
        return _chart(patient_id, (*notes, *aside))

    def touch(self, patient_id: str) -> None:
        """Note down that a patient must be written."""
        self._db.execute("INSERT INTO touched VALUES (?)", (patient_id,))
        self.touched += 1

    def touched_patients(self) -> Iterator[str]:
        """The patients to be written, in order of id."""
        return (patient_id for (patient_id,) in self._db.execute("SELECT patient_id FROM touched ORDER BY 1"))


def _chart(patient_id: str, rows: Iterable[tuple[Any, ...]]) -> SpooledChart:
    notes: list[SpooledNote] = []
    aside: list[tuple[str, Rejected]] = []
    for _, kind, *fields in rows:
        if kind == 0:
            note_id, source, state, mark = fields
            if state != State.PENDING:
                notes.append(SpooledNote(note_id, source, State(state), mark))
        else:
            source, reason, where, of_note = fields
            aside.append((source, Rejected(Reason(reason), where, of_note, patient_id)))
    return SpooledChart(patient_id, tuple(notes), tuple(aside))


def clear_spools(folder: Path) -> None:
    """Remove what runs left that were killed before their database had lost its name."""
    for stale in folder.glob(f"{_PREFIX}*"):
        shutil.rmtree(stale)
