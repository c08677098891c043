"""Reading one segment: memory-mapped vectors and an immutable catalog. Safe to use from several threads."""

# ruff: noqa: S608 -- only constants of this module are put into SQL

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import DatabaseError
from threading import Lock
from typing import Any
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from core.errors import IndexMismatch
from core.records import (
    Action,
    Assertion,
    Chunk,
    Fact,
    FactKind,
    Note,
    NoteHeader,
    Section,
    SectionKind,
    Sentence,
    SkippedNote,
)
from vectorstore.layout import CATALOG, VECTORS
from vectorstore.manifest import SegmentEntry
from vectorstore.schema import open_finished

# Looking a member up by its value is several times faster than calling its class, and a chart has thousands of facts.
_KINDS = {kind.value: kind for kind in FactKind}
_ASSERTIONS = {assertion.value: assertion for assertion in Assertion}
_ACTIONS = {action.value: action for action in Action}
_BETWEEN = "WHERE note_key BETWEEN ? AND ? ORDER BY note_key, ordinal"


@dataclass(frozen=True, slots=True)
class PatientRows:
    """What a segment says of a patient: key ranges of their rows, and what was set aside at ingest."""

    patient_id: str
    first_note: int
    last_note: int
    first_vector: int
    vectors: int
    digest: str
    quarantined: int
    skipped: tuple[SkippedNote, ...]


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note's header with what only the store needs to know of it."""

    key: int
    header: NoteHeader
    source: str
    digest: str
    metadata: str | None


class Segment:
    """One immutable segment.

    Raises:
        IndexMismatch: a file is missing, truncated or no database.
    """

    def __init__(self, root: Path, entry: SegmentEntry, dimension: int) -> None:
        self.name = entry.name
        folder = root / "segments" / entry.name
        for file in entry.files:
            path = root / file.path
            if path.stat().st_size != file.size:
                raise IndexMismatch(f"{path} has the wrong size: run `python -m vectorstore.verify {root}`")
        self._vectors = _map(folder / VECTORS, entry.vectors, dimension)
        self._lock = Lock()
        self._db = open_finished(folder / CATALOG)
        # A connection and its statements refer to one another, so it would stay open until a garbage collection.
        finalize(self, self._db.close)
        try:
            self._labels = {k: (heading, SectionKind(kind)) for k, heading, kind in self._rows("SELECT * FROM labels")}
        except (DatabaseError, ValueError) as e:
            raise IndexMismatch(f"{folder / CATALOG} cannot be read: run `python -m vectorstore.verify {root}`") from e

    def patient(self, patient_key: int) -> PatientRows:
        """The rows of one patient."""
        rows = self._rows(
            "SELECT patient_id, first_note, last_note, first_vector, vectors, digest, quarantined, skipped "
            "FROM patients WHERE patient_key = ?",
            patient_key,
        )
        patient_id, first_note, last_note, first_vector, vectors, digest, quarantined, skipped = rows[0]
        set_aside = tuple(SkippedNote(*pair) for pair in json.loads(skipped))
        return PatientRows(patient_id, first_note, last_note, first_vector, vectors, digest, quarantined, set_aside)

    def note_ids(self) -> Iterator[str]:
        """Every note id that was written here; reads a page at a time."""
        after = 0
        while rows := self._rows(
            "SELECT note_key, note_id FROM notes WHERE note_key > ? ORDER BY note_key LIMIT 1000", after
        ):
            yield from (note_id for _, note_id in rows)
            after = rows[-1][0]

    def owner_of(self, note_id: str) -> tuple[int, str, int] | None:
        """Note key, patient id and patient key of a note that was written here, live or not."""
        rows = self._rows(
            "SELECT note_key, patient_id, patient_key FROM notes JOIN patients USING (patient_key) WHERE note_id = ?",
            note_id,
        )
        return (rows[0][0], rows[0][1], rows[0][2]) if rows else None

    def block(self, patient: PatientRows) -> NDArray[np.float32]:
        """The patient's vectors, float32 of shape (chunks, dimension), mapped and read-only."""
        return self._vectors[patient.first_vector : patient.first_vector + patient.vectors]

    def note_rows(self, patient: PatientRows) -> list[NoteRow]:
        """The patient's notes without text, in chart order."""
        rows = self._rows(
            "SELECT note_key, note_id, encounter_id, note_type, charted_at, characters, source, digest, metadata "
            "FROM notes WHERE note_key BETWEEN ? AND ? ORDER BY note_key",
            *_range(patient),
        )
        return [
            NoteRow(key, NoteHeader(note_id, patient.patient_id, *rest), source, digest, metadata)
            for key, note_id, *rest, source, digest, metadata in rows
        ]

    def text(self, note_key: int) -> str:
        """The text of one note."""
        return str(self._rows("SELECT text FROM texts WHERE note_key = ?", note_key)[0][0])

    def texts(self, patient: PatientRows) -> dict[int, str]:
        """The texts of all notes of a patient, by note key."""
        return dict(self._rows("SELECT note_key, text FROM texts WHERE note_key BETWEEN ? AND ?", *_range(patient)))

    def note(self, note_key: int, patient_id: str) -> Note:
        """One note with its text."""
        rows = self._rows("SELECT note_id, encounter_id, note_type, charted_at FROM notes WHERE note_key = ?", note_key)
        note_id, encounter_id, note_type, charted_at = rows[0]
        return Note(note_id, patient_id, encounter_id, note_type, charted_at, self.text(note_key))

    def sections(self, patient: PatientRows) -> list[tuple[int, Section]]:
        """The patient's sections with the key of their note, in chart order."""
        rows = self._rows(f"SELECT note_key, start, end, label_key FROM sections {_BETWEEN}", *_range(patient))
        labels = self._labels
        return [(key, Section(*labels[label], start, end)) for key, start, end, label in rows]

    def sentences(self, patient: PatientRows, note_ids: dict[int, str]) -> list[Sentence]:
        """The patient's sentences in chart order; `note_ids` maps note keys to ids."""
        rows = self._rows(
            f"SELECT note_key, ordinal, start, end, label_key FROM sentences {_BETWEEN}", *_range(patient)
        )
        labels = self._labels
        return [
            Sentence(note_ids[key], ordinal, start, end, *labels[label]) for key, ordinal, start, end, label in rows
        ]

    def chunks(self, patient: PatientRows, note_ids: dict[int, str]) -> list[Chunk]:
        """The patient's chunks in chart order, which is the order of the rows of `block`."""
        rows = self._rows(
            f"SELECT note_key, ordinal, start, end, label_key, first_sentence, last_sentence FROM chunks {_BETWEEN}",
            *_range(patient),
        )
        labels = self._labels
        return [
            Chunk(note_ids[key], ordinal, start, end, *labels[label], first, last)
            for key, ordinal, start, end, label, first, last in rows
        ]

    def facts(self, patient: PatientRows, note_ids: dict[int, str]) -> list[Fact]:
        """The patient's facts in chart order."""
        rows = self._rows(
            "SELECT kind, name, note_key, sentence, start, end, assertion, action, dose, route, frequency, "
            f"reaction, value, unit FROM facts {_BETWEEN}",
            *_range(patient),
        )
        return [
            Fact(
                _KINDS[kind], name, note_ids[key], sentence, start, end, _ASSERTIONS[assertion], _ACTIONS[action], *rest
            )
            for kind, name, key, sentence, start, end, assertion, action, *rest in rows
        ]

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()


def _range(patient: PatientRows) -> Sequence[int]:
    return (patient.first_note, patient.last_note)


def _map(path: Path, count: int, dimension: int) -> NDArray[np.float32]:
    if count == 0:
        # An empty file cannot be mapped.
        return np.empty((0, dimension), dtype=np.float32)
    return np.memmap(path, dtype="<f4", mode="r", shape=(count, dimension)).view(np.ndarray)
