"""What an index holds of one patient, and of all others, for erasing the one and for telling them apart."""

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from core.errors import IndexMismatch
from vectorstore.layout import CATALOG, MANIFEST, VECTORS, Layout
from vectorstore.manifest import parse_manifest
from vectorstore.schema import open_finished
from vectorstore.specs import ChunkingSpec, EmbeddingSpec
from vectorstore.staging import DATABASE, STAGED_VECTORS

_TEXTS_AT_ONCE = 256


@dataclass(frozen=True, slots=True, eq=False)
class Holding:
    """What one place holds of a patient.

    `encounter_ids` and `digests` name the patient's stays and notes; `vectors` has a row of bytes for each chunk.
    """

    place: str
    note_ids: tuple[str, ...]
    encounter_ids: tuple[str, ...]
    digests: tuple[str, ...]
    texts: tuple[str, ...]
    vectors: NDArray[np.uint8]


def holdings(layout: Layout, patient_id: str) -> Iterator[Holding]:
    """What each segment on disk and the staging hold of a patient, current or not; only who holds the writer lock."""
    strides = _strides(layout)
    for folder in sorted(layout.segments.glob("*")):
        try:
            found = _in_segment(folder, patient_id, strides.get(folder.name))
        except (OSError, sqlite3.DatabaseError):
            # Half a segment, left by a crash: it goes with the next collection, whatever it holds.
            continue
        if found is not None:
            yield found
    specs = staged_specs(layout)
    if specs is not None:
        staged = _in_staging(layout.staging, patient_id, 4 * specs[0].dimension)
        if staged is not None:
            yield staged


def ids_of_others(layout: Layout, patient_id: str, ids: Collection[str]) -> set[str]:
    """Which of these note and encounter ids other patients have too, since a note can move from one to another."""
    shared: set[str] = set()
    for folder in _segments(layout):
        with closing(open_finished(folder / CATALOG)) as db:
            db.execute("PRAGMA query_only = OFF")
            db.execute("CREATE TEMP TABLE wanted (id TEXT PRIMARY KEY)")
            db.executemany("INSERT INTO wanted VALUES (?)", ((i,) for i in set(ids)))
            for column in ("note_id", "encounter_id"):
                rows = db.execute(
                    f"SELECT DISTINCT {column} FROM notes JOIN patients USING (patient_key) "  # noqa: S608
                    f"WHERE patient_id <> ? AND {column} IN (SELECT id FROM wanted)",
                    (patient_id,),
                )
                shared.update(row[0] for row in rows)
    return shared


def patients_served(layout: Layout) -> set[str]:
    """Every patient of whom a segment on disk has rows."""
    found: set[str] = set()
    for folder in _segments(layout):
        with closing(open_finished(folder / CATALOG)) as db:
            found.update(row[0] for row in db.execute("SELECT patient_id FROM patients"))
    return found


def words_of_others(layout: Layout, patient_id: str) -> Iterator[bytes]:
    """All that index and staging hold of other patients in words: texts, ids, headings; a batch at a time."""
    for folder in _segments(layout):
        with closing(open_finished(folder / CATALOG)) as db:
            texts = db.execute(
                "SELECT text, note_id, patient_id, encounter_id, notes.digest, row_digest, metadata FROM texts "
                "JOIN notes USING (note_key) JOIN patients USING (patient_key) WHERE patient_id <> ?",
                (patient_id,),
            )
            while rows := texts.fetchmany(_TEXTS_AT_ONCE):
                yield _joined(rows)
                # Summaries say in one line what a note breaks into two.
                yield _joined([(" ".join(row[0].split()),) for row in rows])
            for sql in (
                "SELECT patient_id, digest, skipped FROM patients WHERE patient_id <> ?",
                "SELECT DISTINCT name, dose, route, frequency, reaction, value FROM facts JOIN notes USING (note_key) "
                "JOIN patients USING (patient_key) WHERE patient_id <> ?",
                "SELECT heading FROM labels WHERE ? IS NOT NULL",
            ):
                yield _joined(db.execute(sql, (patient_id,)).fetchall())
    for path in sorted(layout.generations.glob(f"*/{MANIFEST}")):
        yield path.read_bytes()
    if staged_specs(layout) is not None:
        with closing(sqlite3.connect(layout.staging / DATABASE)) as db:
            staged = db.execute(
                "SELECT text, note_id, patient_id, encounter_id, digest, row_digest, metadata, rows FROM notes "
                "WHERE patient_id <> ?",
                (patient_id,),
            )
            while rows := staged.fetchmany(_TEXTS_AT_ONCE):
                yield _joined(rows)


def vectors_of_others(layout: Layout, patient_id: str) -> Iterator[bytes]:
    """The vectors that belong to other patients, those of the staging too; a block at a time."""
    strides = _strides(layout)
    for folder in _segments(layout):
        with closing(open_finished(folder / CATALOG)) as db:
            places = db.execute(
                "SELECT first_vector, vectors FROM patients WHERE patient_id <> ? AND vectors > 0", (patient_id,)
            ).fetchall()
        if places:
            rows = np.memmap(folder / VECTORS, np.uint8, "r").reshape(-1, strides[folder.name])
            for start, number in places:
                yield rows[start : start + number].tobytes()
    specs = staged_specs(layout)
    if specs is not None:
        with closing(sqlite3.connect(layout.staging / DATABASE)) as db:
            places = db.execute(
                "SELECT first_vector, vectors FROM notes WHERE patient_id <> ?", (patient_id,)
            ).fetchall()
        yield _rows_at(layout.staging / STAGED_VECTORS, places, 4 * specs[0].dimension).tobytes()


def staged_specs(layout: Layout) -> tuple[EmbeddingSpec, ChunkingSpec] | None:
    """What the staging was made with; None where there is none, or none that can be read."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(layout.staging / DATABASE))}?mode=rw", uri=True)) as db:
            raw = json.loads(db.execute("SELECT specs FROM state").fetchone()[0])
        return EmbeddingSpec(**raw["embedding"]), ChunkingSpec(**raw["chunking"])
    except (sqlite3.Error, ValueError, KeyError, TypeError):
        return None


def _segments(layout: Layout) -> list[Path]:
    """The segments that a manifest names; others are leftovers of a crash, and nobody's chart."""
    return [layout.segment(name) for name in sorted(_strides(layout))]


def _strides(layout: Layout) -> dict[str, int]:
    """For each segment that a manifest names the bytes of a vector."""
    found: dict[str, int] = {}
    for number in layout.generation_numbers():
        with suppress(OSError, IndexMismatch):
            manifest = parse_manifest((layout.generation(number) / MANIFEST).read_bytes())
            found.update(dict.fromkeys((e.name for e in manifest.segments), 4 * manifest.embedding.dimension))
    return found


def _in_segment(folder: Path, patient_id: str, stride: int | None) -> Holding | None:
    with closing(open_finished(folder / CATALOG)) as db:
        rows = db.execute(
            "SELECT note_id, encounter_id, notes.digest, row_digest, text FROM notes JOIN texts USING (note_key) "
            "JOIN patients USING (patient_key) WHERE patient_id = ? ORDER BY note_key",
            (patient_id,),
        ).fetchall()
        patient = db.execute(
            "SELECT first_vector, vectors, digest FROM patients WHERE patient_id = ?", (patient_id,)
        ).fetchone()
    if patient is None:
        return None
    first, count, digest = patient
    # How long a vector is, only a manifest tells.
    places = [(first, count)] if stride else []
    return _holding(folder.name, rows, [digest], _rows_at(folder / VECTORS, places, stride or 1))


def _in_staging(folder: Path, patient_id: str, stride: int) -> Holding | None:
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        rows = db.execute(
            "SELECT note_id, encounter_id, digest, row_digest, text FROM notes WHERE patient_id = ?", (patient_id,)
        ).fetchall()
        places = db.execute("SELECT first_vector, vectors FROM notes WHERE patient_id = ?", (patient_id,)).fetchall()
    return _holding("staging", rows, [], _rows_at(folder / STAGED_VECTORS, places, stride)) if rows else None


def _holding(place: str, rows: list[Any], digests: list[str], vectors: NDArray[np.uint8]) -> Holding:
    return Holding(
        place,
        note_ids=tuple(row[0] for row in rows),
        encounter_ids=tuple(dict.fromkeys(row[1] for row in rows if row[1])),
        digests=(*digests, *(digest for row in rows for digest in row[2:4] if digest)),
        texts=tuple(row[4] for row in rows),
        vectors=vectors,
    )


def _rows_at(path: Path, places: list[Any], stride: int) -> NDArray[np.uint8]:
    with path.open("rb") as file:
        pieces = []
        for first, count in places:
            file.seek(first * stride)
            pieces.append(file.read(count * stride))
    content = np.frombuffer(b"".join(pieces), np.uint8)
    return content[: len(content) - len(content) % stride].reshape(-1, stride)


def _joined(rows: list[Any]) -> bytes:
    return "\0".join(value for row in rows for value in row if value).encode("utf-8", "replace")
