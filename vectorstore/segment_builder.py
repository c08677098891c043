"""Writing one segment: vectors to a flat file, everything else to SQLite."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.records import ProcessedNote, SectionKind, SkippedNote
from vectorstore.digests import chart_digest, note_digest
from vectorstore.durable import sha256_of, sync_file, sync_folder
from vectorstore.layout import CATALOG, VECTORS
from vectorstore.manifest import FileEntry
from vectorstore.schema import CATALOG_SCHEMA, create

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """A patient as handed to a segment. `vectors` has one row for each chunk of `notes`, in their order.

    `metadata` maps a note id to a JSON object that its writer wants back with it.
    """

    patient_id: str
    notes: tuple[ProcessedNote, ...]
    vectors: Vectors
    quarantined: int = 0
    skipped: tuple[SkippedNote, ...] = ()
    metadata: Mapping[str, str] | None = None


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


def in_chart_order(record: PatientRecord) -> PatientRecord:
    """The same patient with notes oldest first, undated ones first of all, and the vectors moved along."""
    counts = np.fromiter((len(n.chunks) for n in record.notes), dtype=np.int64, count=len(record.notes))
    starts = np.concatenate(([0], np.cumsum(counts)))
    order = sorted(
        range(len(record.notes)), key=lambda i: (record.notes[i].note.charted_at or "", record.notes[i].note.note_id)
    )
    if order == list(range(len(order))):
        return record
    rows = np.concatenate([np.arange(starts[i], starts[i + 1]) for i in order])
    return PatientRecord(
        record.patient_id,
        tuple(record.notes[i] for i in order),
        record.vectors[rows],
        record.quarantined,
        record.skipped,
        record.metadata,
    )


class SegmentBuilder:
    """Appends patients to a new segment; `finish` makes it durable."""

    def __init__(self, folder: Path, dimension: int) -> None:
        folder.mkdir(parents=True)
        self.name = folder.name
        self._folder = folder
        self._dimension = dimension
        self._file = (folder / VECTORS).open("wb")
        self._sha256 = hashlib.sha256()
        self._db = create(folder / CATALOG, CATALOG_SCHEMA)
        self._db.execute("BEGIN")
        self._labels: dict[tuple[str, SectionKind], int] = {}
        self._patients = 0
        self._notes = 0
        self.vectors = 0

    def add(self, record: PatientRecord) -> PatientPlace:
        """Append one patient.

        Raises:
            ValueError: a note is another patient's, a note id is already here, or the vectors do not fit the chunks.
        """
        _check(record, self._dimension)
        record = in_chart_order(record)
        self._patients += 1
        key, first_note, first_vector = self._patients, self._notes + 1, self.vectors
        digests = [note_digest(item.note, item.source) for item in record.notes]
        for item, digest in zip(record.notes, digests, strict=True):
            self._add_note(key, item, digest, (record.metadata or {}).get(item.note.note_id))
        self._add_vectors(record.vectors)
        skipped = json.dumps([[n.note_id, n.reason, n.source] for n in record.skipped], ensure_ascii=False)
        self._db.execute(
            "INSERT INTO patients VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key,
                record.patient_id,
                first_note,
                self._notes,
                first_vector,
                len(record.vectors),
                chart_digest(digests, record.quarantined, record.skipped),
                record.quarantined,
                skipped,
            ),
        )
        dated = [item.note.charted_at for item in record.notes if item.note.charted_at]
        return PatientPlace(
            record.patient_id,
            self.name,
            key,
            len(record.notes),
            len(record.vectors),
            dated[0] if dated else None,
            dated[-1] if dated else None,
        )

    def forget(self, patient_id: str) -> None:
        """Take back a patient added before; the vectors stay in the file, unreachable."""
        row = self._db.execute(
            "SELECT first_note, last_note FROM patients WHERE patient_id = ?", (patient_id,)
        ).fetchone()
        if row is None:
            return
        for table in ("notes", "texts", "sections", "sentences", "chunks", "facts"):
            self._db.execute(f"DELETE FROM {table} WHERE note_key BETWEEN ? AND ?", row)  # noqa: S608
        self._db.execute("DELETE FROM patients WHERE patient_id = ?", (patient_id,))

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

    def _add_vectors(self, vectors: Vectors) -> None:
        content = np.ascontiguousarray(vectors, dtype="<f4").tobytes()
        self._file.write(content)
        self._sha256.update(content)
        self.vectors += len(vectors)

    def _add_note(self, patient_key: int, item: ProcessedNote, digest: str, metadata: str | None) -> None:
        self._notes += 1
        key, note = self._notes, item.note
        row: Sequence[Any] = (
            key,
            note.note_id,
            patient_key,
            note.encounter_id,
            note.note_type,
            note.charted_at,
            len(note.text),
            item.source,
            digest,
            metadata,
        )
        try:
            self._db.execute("INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError as e:
            raise ValueError("a note id is used twice; note ids are unique in an index") from e
        self._db.execute("INSERT INTO texts VALUES (?, ?)", (key, note.text))
        label = self._label
        self._db.executemany(
            "INSERT INTO sections VALUES (?, ?, ?, ?, ?)",
            ((key, i, s.start, s.end, label(s.heading, s.kind)) for i, s in enumerate(item.sections)),
        )
        self._db.executemany(
            "INSERT INTO sentences VALUES (?, ?, ?, ?, ?)",
            ((key, s.ordinal, s.start, s.end, label(s.heading, s.kind)) for s in item.sentences),
        )
        self._db.executemany(
            "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (key, c.ordinal, c.start, c.end, label(c.heading, c.kind), c.first_sentence, c.last_sentence)
                for c in item.chunks
            ),
        )
        self._db.executemany(
            "INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (key, i, f.kind, f.name, f.sentence, f.start, f.end, f.assertion, f.action, f.dose, f.route,
                 f.frequency, f.reaction, f.value, f.unit)
                for i, f in enumerate(item.facts)
            ),
        )  # fmt: skip

    def _label(self, heading: str, kind: SectionKind) -> int:
        key = self._labels.get((heading, kind))
        if key is None:
            key = self._labels[heading, kind] = len(self._labels) + 1
            self._db.execute("INSERT INTO labels VALUES (?, ?, ?)", (key, heading, kind))
        return key


def _relative(path: Path) -> str:
    return path.relative_to(path.parents[2]).as_posix()


def _check(record: PatientRecord, dimension: int) -> None:
    if any(item.note.patient_id != record.patient_id for item in record.notes):
        raise ValueError("a note was handed over with another patient's chart")
    chunks = sum(len(item.chunks) for item in record.notes)
    if record.vectors.shape != (chunks, dimension):
        raise ValueError(f"vectors have shape {record.vectors.shape} and the chunks need {(chunks, dimension)}")
    if not np.isfinite(record.vectors).all():
        raise ValueError("a vector holds a value that is no finite number")
