"""Copies of an index's files without one patient.

A copy is written anew from the rows that stay, so there is nothing in it to be wiped: no free page, no slack. Keys and
places stay what they were, so that everything that points into the file still does.
"""

# ruff: noqa: S608 -- only names of tables and columns of our own files are put into SQL

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from vectorstore.durable import sha256_of, sync_file, sync_folder
from vectorstore.layout import CATALOG, VECTORS
from vectorstore.manifest import FileEntry, SegmentEntry
from vectorstore.schema import open_finished

_PIECE = 1 << 23
# What decides which rows of a table of a catalog stay, in the order in which the tables are copied.
_STAY = {
    "patients": "patient_id <> :patient_id",
    "notes": "patient_key IN (SELECT patient_key FROM main.patients)",
}
_OF_A_NOTE = "note_key IN (SELECT note_key FROM main.notes)"
# Headings are a note's own words, so those that only the patient's notes had go with them.
_LABELLED = ("sections", "sentences", "chunks")


def holds_patient(catalog: Path, patient_id: str) -> bool:
    """Whether a segment's catalog has rows of a patient, current or not."""
    with closing(open_finished(catalog)) as db:
        return db.execute("SELECT 1 FROM patients WHERE patient_id = ?", (patient_id,)).fetchone() is not None


def scrub_segment(root: Path, entry: SegmentEntry, name: str, patient_id: str) -> SegmentEntry:
    """Copy a segment under another name without a patient: their rows left out, their vectors zero. Durable."""
    source, target = root / "segments" / entry.name, root / "segments" / name
    if target.exists():
        # What a crash left: no manifest names it, or it would have been reused.
        shutil.rmtree(target)
    target.mkdir(parents=True)
    _copy_catalog(source / CATALOG, target / CATALOG, patient_id)
    _copy_vectors(source / VECTORS, target / VECTORS, target / CATALOG, entry.vectors)
    sync_folder(target)
    sync_folder(target.parent)
    files = tuple(_entry(root, target / Path(file.path).name) for file in entry.files)
    return replace(entry, name=name, files=files)


def scrub_directory(root: Path, source: Path, target: Path, patient_id: str, renamed: Mapping[str, str]) -> FileEntry:
    """Copy a generation's directory without a patient, with the new names of segments. Durable."""
    with _copying(source, target) as db:
        tables = _tables(db)
        for table, columns in tables.items():
            values, given = [], {"patient_id": patient_id}
            for column in columns:
                if column == '"segment"' and renamed:
                    cases = []
                    for i, (old, new) in enumerate(renamed.items()):
                        given |= {f"old{i}": old, f"new{i}": new}
                        cases.append(f"WHEN :old{i} THEN :new{i}")
                    values.append(f"CASE segment {' '.join(cases)} ELSE segment END")
                else:
                    values.append(column)
            stay = "patient_id <> :patient_id" if '"patient_id"' in columns else "true"
            db.execute(f"INSERT INTO main.{table} SELECT {', '.join(values)} FROM source.{table} WHERE {stay}", given)
    sync_file(target)
    sync_folder(target.parent)
    return _entry(root, target)


def _copy_catalog(source: Path, target: Path, patient_id: str) -> None:
    with _copying(source, target) as db:
        tables = _tables(db)
        first = [name for name in _STAY if name in tables]
        last = [name for name in ("labels",) if name in tables]
        middle = [name for name in tables if name not in first and name not in last]
        for name in (*first, *middle, *last):
            columns = ", ".join(tables[name])
            stay = _STAY.get(name) or (_OF_A_NOTE if '"note_key"' in tables[name] else "true")
            if name == "labels":
                used = " UNION ".join(f"SELECT label_key FROM main.{t}" for t in _LABELLED if t in tables)
                stay = f"label_key IN ({used})"
            db.execute(
                f"INSERT INTO main.{name} ({columns}) SELECT {columns} FROM source.{name} WHERE {stay}",
                {"patient_id": patient_id},
            )
    sync_file(target)


def _copy_vectors(source: Path, target: Path, catalog: Path, count: int) -> None:
    """Copy the rows that some patient of the catalog owns; all others become zero, whoever's they were."""
    size = source.stat().st_size
    stride = size // count if count else 0
    with closing(open_finished(catalog)) as db, source.open("rb") as old, target.open("wb") as new:
        for first, rows in db.execute("SELECT first_vector, vectors FROM patients WHERE vectors > 0 ORDER BY 1"):
            old.seek(first * stride)
            new.seek(first * stride)
            left = rows * stride
            while left and (piece := old.read(min(left, _PIECE))):
                new.write(piece)
                left -= len(piece)
        new.truncate(size)
        new.flush()
        os.fsync(new.fileno())


@contextmanager
def _copying(source: Path, target: Path) -> Iterator[sqlite3.Connection]:
    """A new database with the tables of `source`, which is attached under that name; indexes follow at the end."""
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(target, isolation_level=None, uri=True)) as db:
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("ATTACH DATABASE ? AS source", (f"file:{quote(str(source.absolute()))}?mode=ro&immutable=1",))
        for pragma in ("page_size", "user_version", "application_id"):
            (value,) = db.execute(f"PRAGMA source.{pragma}").fetchone()
            db.execute(f"PRAGMA main.{pragma} = {int(value)}")
        made = db.execute("SELECT type, sql FROM source.sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
        db.execute("BEGIN")
        for _, sql in (row for row in made if row[0] == "table"):
            db.execute(sql)
        yield db
        for _, sql in (row for row in made if row[0] != "table"):
            db.execute(sql)
        db.execute("COMMIT")


def _tables(db: sqlite3.Connection) -> dict[str, list[str]]:
    names = db.execute(
        "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    )
    return {
        name: [f'"{row[1]}"' for row in db.execute(f"PRAGMA main.table_info({name})")] for (name,) in names.fetchall()
    }


def _entry(root: Path, path: Path) -> FileEntry:
    return FileEntry(path.relative_to(root).as_posix(), path.stat().st_size, sha256_of(path))
