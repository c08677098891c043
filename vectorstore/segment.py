"""Reading one segment: memory-mapped vectors and an immutable catalog. Safe to use from several threads."""

# ruff: noqa: S608 -- only constants of this module are put into SQL

import json
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
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
from vectorstore.stored_note import StoredNote

# Looking a member up by its value is several times faster than calling its class, and a chart has thousands of facts.
_KINDS = {kind.value: kind for kind in FactKind}
_ASSERTIONS = {assertion.value: assertion for assertion in Assertion}
_ACTIONS = {action.value: action for action in Action}
_BETWEEN = "WHERE note_key BETWEEN ? AND ? ORDER BY note_key, ordinal"
_SECTIONS, _SENTENCES, _CHUNKS, _FACTS = (
    f"SELECT * FROM {table} {_BETWEEN}" for table in ("sections", "sentences", "chunks", "facts")
)
_CHUNKS_OF_NOTES = "SELECT note_key, count(*) FROM chunks WHERE note_key BETWEEN ? AND ? GROUP BY note_key"
_CHUNK_AT = "SELECT * FROM chunks WHERE note_key = ? ORDER BY ordinal LIMIT 1 OFFSET ?"
# A catalog of a million chunks can have a hundred thousand headings; what a segment remembers of them is bounded.
_LABELS_IN_MEMORY = 20_000
_LABELS_AT_ONCE = 500


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
    row_digest: str | None
    metadata: str | None


@dataclass(frozen=True, slots=True)
class NoteState:
    """What a refresh compares a note by: digest and source as stored, and what its row was known by, if anything."""

    digest: str
    source: str
    row_digest: str | None


@dataclass(frozen=True, slots=True)
class NoteOwner:
    """Which of a segment's patients a note was written for, live or not, and its state."""

    note_key: int
    patient_id: str
    patient_key: int
    state: NoteState


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
        self._path = folder / VECTORS
        self._unreadable = f"{folder / CATALOG} cannot be read: run `python -m vectorstore.verify {root}`"
        self._damaged = f"{folder} has changed since it was published: run `python -m vectorstore.verify {root}`"
        self._lock = Lock()
        self._db = open_finished(folder / CATALOG)
        # A connection and its statements refer to one another, so it would stay open until a garbage collection.
        finalize(self, self._db.close)
        self._labels: dict[int, tuple[str, SectionKind]] = {}
        self._rows("SELECT 1 FROM patients LIMIT 1")

    def patient(self, patient_key: int) -> PatientRows:
        """The rows of one patient."""
        rows = self._rows(
            "SELECT patient_id, first_note, last_note, first_vector, vectors, digest, quarantined, skipped "
            "FROM patients WHERE patient_key = ?",
            patient_key,
        )
        if not rows:
            raise self.changed()
        patient_id, first_note, last_note, first_vector, vectors, digest, quarantined, skipped = rows[0]
        return PatientRows(
            patient_id, first_note, last_note, first_vector, vectors, digest, quarantined, _set_aside(skipped)
        )

    def note_ids(self, patient: PatientRows) -> dict[int, str]:
        """The ids of a patient's notes by note key."""
        return dict(self._rows("SELECT note_key, note_id FROM notes WHERE note_key BETWEEN ? AND ?", *_range(patient)))

    def owner_of(self, note_id: str) -> NoteOwner | None:
        """Whose a note is that was written here, live or not."""
        rows = self._rows(
            "SELECT note_key, patient_id, patient_key, n.digest, source, row_digest "
            "FROM notes n JOIN patients USING (patient_key) WHERE note_id = ?",
            note_id,
        )
        if not rows:
            return None
        note_key, patient_id, patient_key, *state = rows[0]
        return NoteOwner(note_key, patient_id, patient_key, NoteState(*state))

    def note_states(self, patient_key: int) -> dict[str, NoteState]:
        """The state of each note of a patient, by note id, in chart order."""
        rows = self._rows(
            "SELECT note_id, n.digest, source, row_digest FROM patients p JOIN notes n "
            "ON note_key BETWEEN first_note AND last_note WHERE p.patient_key = ? ORDER BY note_key",
            patient_key,
        )
        return {note_id: NoteState(*rest) for note_id, *rest in rows}

    def coverage(self, patient_key: int) -> tuple[SkippedNote, ...]:
        """The notes of a patient that were set aside at ingest."""
        rows = self._rows("SELECT skipped FROM patients WHERE patient_key = ?", patient_key)
        return _set_aside(rows[0][0])

    def block(self, patient: PatientRows) -> NDArray[np.float32]:
        """The patient's vectors, float32 of shape (chunks, dimension), mapped and read-only."""
        return self._vectors[patient.first_vector : patient.first_vector + patient.vectors]

    def note_rows(self, patient: PatientRows) -> list[NoteRow]:
        """The patient's notes without text, in chart order."""
        rows = self._rows(
            "SELECT note_key, note_id, encounter_id, note_type, charted_at, characters, source, digest, "
            "row_digest, metadata FROM notes WHERE note_key BETWEEN ? AND ? ORDER BY note_key",
            *_range(patient),
        )
        return [
            NoteRow(key, NoteHeader(note_id, patient.patient_id, *rest), source, digest, row_digest, metadata)
            for key, note_id, *rest, source, digest, row_digest, metadata in rows
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
        rows = self._rows(_SECTIONS, *_range(patient))
        labels = self._labels_of(row[4] for row in rows)
        return [(key, Section(*labels[label], start, end)) for key, _, start, end, label in rows]

    def sentences(self, patient: PatientRows, note_ids: dict[int, str]) -> list[Sentence]:
        """The patient's sentences in chart order; `note_ids` maps note keys to ids."""
        rows = self._rows(_SENTENCES, *_range(patient))
        labels = self._labels_of(row[4] for row in rows)
        return [Sentence(note_ids[key], i, start, end, *labels[label]) for key, i, start, end, label in rows]

    def chunk_rows(self, patient: PatientRows) -> list[Any]:
        """The patient's chunks in chart order, which is the order of the rows of `block`, as `as_chunks` takes them."""
        return self._rows(_CHUNKS, *_range(patient))

    def chunk_rows_at(self, patient: PatientRows, places: Sequence[int]) -> list[Any]:
        """What `chunk_rows` has at some places, without reading the rest."""
        notes = self._rows(_CHUNKS_OF_NOTES, *_range(patient))
        ends = list(accumulate(count for _, count in notes))
        found = []
        for place in places:
            at = bisect_right(ends, place)
            found += self._rows(_CHUNK_AT, notes[at][0], place - (ends[at - 1] if at else 0))
        return found

    def as_chunks(self, rows: list[Any], note_ids: dict[int, str]) -> list[Chunk]:
        """Some rows of `chunk_rows` as chunks; `note_ids` maps note keys to ids."""
        labels = self._labels_of(row[4] for row in rows)
        return [
            Chunk(note_ids[key], i, start, end, *labels[label], first, last)
            for key, i, start, end, label, first, last in rows
        ]

    def facts(self, patient: PatientRows, note_ids: dict[int, str]) -> list[Fact]:
        """The patient's facts in chart order."""
        return [
            Fact(
                _KINDS[kind], name, note_ids[key], sentence, start, end, _ASSERTIONS[assertion], _ACTIONS[action], *rest
            )
            for key, _, kind, name, sentence, start, end, assertion, action, *rest in self._rows(
                _FACTS, *_range(patient)
            )
        ]

    def stored_notes(self, patient: PatientRows, note_ids: Collection[str] | None = None) -> list[StoredNote]:
        """A patient's notes, or some of them, as they lie here, in chart order. Their vectors are read, not mapped.

        Raises:
            IndexMismatch: a note is not what was stored.
        """
        span = _range(patient)
        rows = [self._rows(sql, *span) for sql in (_SECTIONS, _SENTENCES, _CHUNKS)]
        keys = {row[4] for table in rows for row in table}
        known = self._labels_of(keys)
        labels = {key: (known[key][0], known[key][1].value) for key in keys}
        sections, sentences = (
            _ByNote(table, [(i, start, end, labels[label]) for _, i, start, end, label in table]) for table in rows[:2]
        )
        chunks = _ByNote(rows[2], [(i, start, end, labels[label], a, b) for _, i, start, end, label, a, b in rows[2]])
        facts = _ByNote(found := self._rows(_FACTS, *span), [row[1:] for row in found])
        texts, block, notes, first = self.texts(patient), self._read_block(patient), [], 0
        checksums = dict(self._rows("SELECT note_key, checksum FROM notes WHERE note_key BETWEEN ? AND ?", *span))
        for row in self.note_rows(patient):
            own = chunks.of(row.key)
            after = first + len(own)
            if note_ids is None or row.header.note_id in note_ids:
                note = StoredNote(
                    row.header,
                    row.source,
                    row.digest,
                    row.row_digest,
                    row.metadata,
                    texts[row.key],
                    sections.of(row.key),
                    sentences.of(row.key),
                    own,
                    facts.of(row.key),
                    block[first:after],
                )
                if checksums[row.key] not in (note.checksum, None):
                    raise self.changed()
                notes.append(note)
            first = after
        return notes

    def changed(self) -> IndexMismatch:
        """The error to raise where what lies here is not what was written."""
        return IndexMismatch(self._damaged)

    def _read_block(self, patient: PatientRows) -> NDArray[np.float32]:
        # Pages that are mapped count as memory of this process, and a writer reads whole segments.
        dimension = self._vectors.shape[1]
        count, offset = patient.vectors * dimension, 4 * patient.first_vector * dimension
        return np.fromfile(self._path, dtype="<f4", count=count, offset=offset).reshape(-1, dimension)

    def _labels_of(self, keys: Iterable[int]) -> Mapping[int, tuple[str, SectionKind]]:
        known, wanted = self._labels, set(keys)
        if len(known) > _LABELS_IN_MEMORY:
            # Another thread may still be reading the old ones.
            known = self._labels = {}
        missing = list(wanted - known.keys())
        for first in range(0, len(missing), _LABELS_AT_ONCE):
            part = missing[first : first + _LABELS_AT_ONCE]
            places = ", ".join("?" * len(part))
            rows = self._rows(f"SELECT * FROM labels WHERE label_key IN ({places})", *part)
            known.update((key, (heading, SectionKind(kind))) for key, heading, kind in rows)
        return known

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        try:
            with self._lock:
                return self._db.execute(sql, values).fetchall()
        except DatabaseError:
            # The error may quote what it could not decode, which is a chart.
            raise IndexMismatch(self._unreadable) from None


class _ByNote:
    """What was made of rows that are sorted by note key, their first column, note by note."""

    def __init__(self, rows: list[Any], made: list[Any]) -> None:
        self._keys = [row[0] for row in rows]
        self._made = made

    def of(self, note_key: int) -> tuple[Any, ...]:
        return tuple(self._made[bisect_left(self._keys, note_key) : bisect_right(self._keys, note_key)])


def _set_aside(skipped: str) -> tuple[SkippedNote, ...]:
    return tuple(SkippedNote(*entry) for entry in json.loads(skipped))


def _range(patient: PatientRows) -> Sequence[int]:
    return (patient.first_note, patient.last_note)


def _map(path: Path, count: int, dimension: int) -> NDArray[np.float32]:
    if count == 0:
        # An empty file cannot be mapped.
        return np.empty((0, dimension), dtype=np.float32)
    return np.memmap(path, dtype="<f4", mode="r", shape=(count, dimension)).view(np.ndarray)
