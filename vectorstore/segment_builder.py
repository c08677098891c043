"""Writing one segment: vectors to a flat file, everything else to SQLite."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.errors import IndexMismatch
from core.records import SkippedNote
from vectorstore.digests import chart_digest
from vectorstore.durable import sha256_of, sync_file, sync_folder
from vectorstore.layout import CATALOG, VECTORS
from vectorstore.manifest import VERIFY, FileEntry
from vectorstore.schema import CATALOG_SCHEMA, create
from vectorstore.segment_copy import CatalogCopy
from vectorstore.stored_note import Label, StoredNote

_LABELS_IN_MEMORY = 50_000
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """A patient as handed to a segment, with notes in any order."""

    patient_id: str
    notes: tuple[StoredNote, ...]
    quarantined: int = 0
    skipped: tuple[SkippedNote, ...] = ()

    @property
    def vectors(self) -> int:
        """How many vectors the notes have."""
        return sum(len(note.vectors) for note in self.notes)


@dataclass(frozen=True, slots=True)
class PatientPlace:
    """Where a segment keeps a patient, and what a listing says of them."""

    patient_id: str
    segment: str
    patient_key: int
    notes: int
    vectors: int
    first_charted_at: str | None
    last_charted_at: str | None


def in_chart_order(notes: Iterable[StoredNote]) -> list[StoredNote]:
    """The notes oldest first, undated ones first of all."""
    return sorted(notes, key=lambda note: (note.header.charted_at or "", note.header.note_id))


class SegmentBuilder:
    """Appends patients to a new segment; `finish` makes it durable.

    What it keeps in memory does not grow with what was added.
    """

    def __init__(self, folder: Path, dimension: int) -> None:
        folder.mkdir(parents=True)
        self.name = folder.name
        self._folder = folder
        self._dimension = dimension
        self._file = (folder / VECTORS).open("wb")
        self._sha256 = hashlib.sha256()
        self._db = create(folder / CATALOG, CATALOG_SCHEMA)
        self._db.execute("BEGIN")
        self._copying: CatalogCopy | None = None
        self._labels: dict[Label, int] = {}
        self._last_label = 0
        self._last_key = 0
        self._notes = 0
        self.patients = 0
        self.vectors = 0

    def add(self, record: PatientRecord) -> PatientPlace:
        """Append one patient. After an error the segment is good for nothing.

        Raises:
            ValueError: a note id is already here.
        """
        notes = in_chart_order(record.notes)
        self._last_key += 1
        self.patients += 1
        first_note, first_vector = self._notes + 1, self.vectors
        keyed = list(enumerate(notes, first_note))
        self._notes += len(notes)
        self._add_rows(keyed)
        for note in notes:
            self._add_vectors(note)
        skipped = json.dumps([[n.note_id, n.reason, n.source] for n in record.skipped], ensure_ascii=False)
        vectors = self.vectors - first_vector
        self._db.execute(
            "INSERT INTO patients VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._last_key,
                record.patient_id,
                first_note,
                self._notes,
                first_vector,
                vectors,
                chart_digest((note.digest for note in notes), record.quarantined, record.skipped),
                record.quarantined,
                skipped,
            ),
        )
        dated = [note.header.charted_at for note in notes if note.header.charted_at]
        return PatientPlace(
            record.patient_id,
            self.name,
            self._last_key,
            len(notes),
            vectors,
            dated[0] if dated else None,
            dated[-1] if dated else None,
        )

    def copy(self, place: PatientPlace, source: Path) -> PatientPlace:
        """Append a patient as they lie in a finished segment, whose folder is `source`. After an error the segment is
        good for nothing.

        Raises:
            ValueError: a note id is already here.
        """
        if self._copying is None:
            self._copying = CatalogCopy(self._db, self._keys_of)
        self._copying.from_segment(source)
        self._last_key += 1
        self.patients += 1
        try:
            notes, vectors, first = self._copying.patient(
                place.patient_key, to=self._last_key, first_note=self._notes + 1, first_vector=self.vectors
            )
        except sqlite3.IntegrityError as e:
            raise ValueError("a note id is used twice; note ids are unique in an index") from e
        self._notes += notes
        stride = 4 * self._dimension
        with (source / VECTORS).open("rb") as file:
            file.seek(first * stride)
            left = vectors * stride
            while left and (content := file.read(min(left, _PIECE))):
                self._write_vectors(content)
                left -= len(content)
        if left:
            raise IndexMismatch(f"{source / VECTORS} is shorter than it was: {VERIFY}")
        self.vectors += vectors
        return replace(place, segment=self.name, patient_key=self._last_key)

    def forget(self, patient_id: str) -> None:
        """Take back a patient added before, if they were; the vectors stay in the file, unreachable."""
        row = self._db.execute(
            "SELECT first_note, last_note FROM patients WHERE patient_id = ?", (patient_id,)
        ).fetchone()
        if row is None:
            return
        for table in ("notes", "texts", "sections", "sentences", "chunks", "facts"):
            self._db.execute(f"DELETE FROM {table} WHERE note_key BETWEEN ? AND ?", row)  # noqa: S608
        self._db.execute("DELETE FROM patients WHERE patient_id = ?", (patient_id,))
        self.patients -= 1

    def finish(self) -> tuple[FileEntry, ...]:
        """Close and sync the files. Returns their entries for the manifest."""
        self._db.execute("COMMIT")
        self._db.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        catalog = self._folder / CATALOG
        sync_file(catalog)
        sync_folder(self._folder)
        sync_folder(self._folder.parent)
        vectors = self._folder / VECTORS
        return (
            FileEntry(_relative(vectors), vectors.stat().st_size, self._sha256.hexdigest()),
            FileEntry(_relative(catalog), catalog.stat().st_size, sha256_of(catalog)),
        )

    def abandon(self) -> None:
        """Close the files without finishing them."""
        self._db.close()
        self._file.close()

    def _add_rows(self, notes: list[tuple[int, StoredNote]]) -> None:
        """Insert a patient's notes table by table, so that the rows of each lie side by side."""
        run = self._db.executemany
        try:
            run(
                "INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (
                        key,
                        n.header.note_id,
                        self._last_key,
                        n.header.encounter_id,
                        n.header.note_type,
                        n.header.charted_at,
                        n.header.characters,
                        n.source,
                        n.digest,
                        n.row_digest,
                        n.metadata,
                        n.checksum,
                    )
                    for key, n in notes
                ),
            )
        except sqlite3.IntegrityError as e:
            raise ValueError("a note id is used twice; note ids are unique in an index") from e
        run("INSERT INTO texts VALUES (?, ?)", ((key, n.text) for key, n in notes))
        labels = self._keys_of(row[3] for _, n in notes for rows in (n.sections, n.sentences, n.chunks) for row in rows)
        run(
            "INSERT INTO sections VALUES (?, ?, ?, ?, ?)",
            ((key, i, start, end, labels[label]) for key, n in notes for i, start, end, label in n.sections),
        )
        run(
            "INSERT INTO sentences VALUES (?, ?, ?, ?, ?)",
            ((key, i, start, end, labels[label]) for key, n in notes for i, start, end, label in n.sentences),
        )
        run(
            "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)",
            ((key, i, start, end, labels[label], a, b) for key, n in notes for i, start, end, label, a, b in n.chunks),
        )
        run(
            "INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((key, *fact) for key, n in notes for fact in n.facts),
        )

    def _add_vectors(self, note: StoredNote) -> None:
        self._write_vectors(np.ascontiguousarray(note.vectors, dtype="<f4").data)
        self.vectors += len(note.vectors)

    def _write_vectors(self, content: bytes | memoryview) -> None:
        self._file.write(content)
        self._sha256.update(content)

    def _keys_of(self, labels: Iterable[Label]) -> dict[Label, int]:
        if len(self._labels) > _LABELS_IN_MEMORY:
            # A label that is met again gets a second key, which does no harm.
            self._labels.clear()
        known = self._labels
        for label in labels:
            if label not in known:
                self._last_label += 1
                known[label] = self._last_label
                self._db.execute("INSERT INTO labels VALUES (?, ?, ?)", (self._last_label, *label))
        return known


def _relative(path: Path) -> str:
    return path.relative_to(path.parents[2]).as_posix()


def check(record: PatientRecord, dimension: int) -> None:
    """See to it that a record can be added.

    Raises:
        ValueError: a note is another patient's, or vectors do not fit their chunks.
    """
    for note in record.notes:
        if note.header.patient_id != record.patient_id:
            raise ValueError("a note was handed over with another patient's chart")
        if note.vectors.shape != (len(note.chunks), dimension):
            needed = (len(note.chunks), dimension)
            raise ValueError(f"vectors have shape {note.vectors.shape} and the chunks need {needed}")
        if not np.isfinite(note.vectors).all():
            raise ValueError("a vector holds a value that is no finite number")
