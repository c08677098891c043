"""Writes an index as the release with schema 1 wrote it: its SQL, its manifest, its pointer."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from core.records import ProcessedNote
from tests.fakes.indexes import CHUNKING, EMBEDDINGS, vectors_of
from vectorstore.digests import chart_digest, note_digest

CATALOG = """
CREATE TABLE patients (
    patient_key INTEGER PRIMARY KEY, patient_id TEXT NOT NULL UNIQUE, first_note INTEGER NOT NULL,
    last_note INTEGER NOT NULL, first_vector INTEGER NOT NULL, vectors INTEGER NOT NULL, digest TEXT NOT NULL,
    quarantined INTEGER NOT NULL, skipped TEXT NOT NULL);
CREATE TABLE notes (
    note_key INTEGER PRIMARY KEY, note_id TEXT NOT NULL UNIQUE, patient_key INTEGER NOT NULL, encounter_id TEXT,
    note_type TEXT NOT NULL, charted_at TEXT, characters INTEGER NOT NULL, source TEXT NOT NULL,
    digest TEXT NOT NULL, metadata TEXT);
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

DIRECTORY = """
CREATE TABLE patients (
    patient_id TEXT PRIMARY KEY, folded TEXT NOT NULL, segment TEXT NOT NULL, patient_key INTEGER NOT NULL,
    notes INTEGER NOT NULL, vectors INTEGER NOT NULL, first_charted_at TEXT, last_charted_at TEXT) WITHOUT ROWID;
CREATE INDEX patients_by_segment ON patients (segment, patient_key);
"""

Charts = Mapping[str, Sequence[ProcessedNote]]


def publish_first_schema(root: Path, *segments: Charts) -> int:
    """Publish generation N of N segments; a patient of several counts as in the last. Notes come in chart order."""
    places: dict[str, tuple[Any, ...]] = {}
    entries = []
    for number, charts in enumerate(segments, 1):
        entries.append(_segment(root, f"{number:08d}", charts, places))
    live = len(segments)
    folder = root / "generations" / f"{live:08d}"
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "directory.sqlite")) as db, db:
        db.executescript(DIRECTORY)
        db.executemany("INSERT INTO patients VALUES (?, ?, ?, ?, ?, ?, ?, ?)", places.values())
    for entry in entries:
        entry["live_vectors"] = sum(place[5] for place in places.values() if place[2] == entry["name"])
    manifest = {
        "schema_version": 1,
        "generation": live,
        "published_at": 1700000000.5,
        "embedding": {
            "model": EMBEDDINGS.spec.model,
            "dimension": EMBEDDINGS.spec.dimension,
            "weight_digest": EMBEDDINGS.spec.weight_digest,
            "max_tokens": EMBEDDINGS.spec.max_tokens,
        },
        "chunking": {"version": CHUNKING.version, "chunk_tokens": CHUNKING.chunk_tokens},
        "counts": {
            "patients": len(places),
            "notes": sum(place[4] for place in places.values()),
            "chunks": sum(place[5] for place in places.values()),
        },
        "segments": [entry for entry in entries if any(place[2] == entry["name"] for place in places.values())],
        "directory": _file(root, folder / "directory.sqlite"),
    }
    content = json.dumps(manifest, indent=1, ensure_ascii=False).encode() + b"\n"
    (folder / "manifest.json").write_bytes(content)
    (root / "CURRENT").write_text(f"{live} {hashlib.sha256(content).hexdigest()}\n")
    (root / "writer.lock").touch()
    return live


def _segment(root: Path, name: str, charts: Charts, places: dict[str, tuple[Any, ...]]) -> dict[str, Any]:
    folder = root / "segments" / name
    folder.mkdir(parents=True)
    note_key = first_vector = 0
    labels: dict[tuple[str, str], int] = {}
    with (
        closing(sqlite3.connect(folder / "catalog.sqlite")) as db,
        db,
        (folder / "vectors.f32").open("wb") as file,
    ):
        db.executescript(CATALOG)

        def label(heading: str, kind: str) -> int:
            if (heading, kind) not in labels:
                labels[heading, kind] = len(labels) + 1
                db.execute("INSERT INTO labels VALUES (?, ?, ?)", (len(labels), heading, kind))
            return labels[heading, kind]

        for patient_key, (patient_id, notes) in enumerate(charts.items(), 1):
            vectors = vectors_of(notes) if any(item.chunks for item in notes) else []
            file.writelines(row.astype("<f4").tobytes() for row in vectors)
            digests = [note_digest(item.note, item.source) for item in notes]
            first_note = note_key + 1
            for item, digest in zip(notes, digests, strict=True):
                note_key += 1
                _note(db, note_key, patient_key, item, digest, label)
            db.execute(
                "INSERT INTO patients VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (patient_key, patient_id, first_note, note_key, first_vector, len(vectors),
                 chart_digest(digests, 2, ()), 2, "[]"),
            )  # fmt: skip
            dated = [item.note.charted_at for item in notes if item.note.charted_at]
            places[patient_id] = (
                patient_id, patient_id.casefold(), name, patient_key, len(notes), len(vectors),
                dated[0] if dated else None, dated[-1] if dated else None,
            )  # fmt: skip
            first_vector += len(vectors)
    return {
        "name": name,
        "patients": len(charts),
        "vectors": first_vector,
        "live_vectors": 0,
        "files": [_file(root, folder / "vectors.f32"), _file(root, folder / "catalog.sqlite")],
    }


def _note(db: sqlite3.Connection, key: int, patient_key: int, item: ProcessedNote, digest: str, label: Any) -> None:
    note = item.note
    db.execute(
        "INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (key, note.note_id, patient_key, note.encounter_id, note.note_type, note.charted_at, len(note.text),
         item.source, digest, '{"from": "schema 1"}'),
    )  # fmt: skip
    db.execute("INSERT INTO texts VALUES (?, ?)", (key, note.text))
    for at, s in enumerate(item.sections):
        db.execute("INSERT INTO sections VALUES (?, ?, ?, ?, ?)", (key, at, s.start, s.end, label(s.heading, s.kind)))
    for s in item.sentences:
        row = (key, s.ordinal, s.start, s.end, label(s.heading, s.kind))
        db.execute("INSERT INTO sentences VALUES (?, ?, ?, ?, ?)", row)
    for c in item.chunks:
        row = (key, c.ordinal, c.start, c.end, label(c.heading, c.kind), c.first_sentence, c.last_sentence)
        db.execute("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    for at, f in enumerate(item.facts):
        db.execute(
            "INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (key, at, f.kind, f.name, f.sentence, f.start, f.end, f.assertion, f.action, f.dose, f.route,
             f.frequency, f.reaction, f.value, f.unit),
        )  # fmt: skip


def _file(root: Path, path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {
        "path": path.relative_to(root).as_posix(),
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
