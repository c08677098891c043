"""Removing a patient's lines from reports, and whole files where they are asked to go."""

import gzip
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.erase.marks import Gathered, Marks, Role, telling
from ingest.erase.structure import names_patient
from vectorstore.durable import sync_folder

_ENDINGS = (".jsonl", ".partial", ".jsonl.gz")


@dataclass(frozen=True, slots=True)
class LinesRemoved:
    """How many lines went, from how many reports."""

    lines: int
    reports: int


def gather_lines(folder: Path, patient_id: str, found: Gathered) -> None:
    """Add the ids of notes that were set aside and never stored."""
    for path in _reports(folder):
        for line in _lines(path):
            row = _parsed(line)
            if isinstance(row, dict) and row.get("patient_id") == patient_id and isinstance(row.get("note_id"), str):
                found.ids[Role.NOTE].add(row["note_id"])


def remove_lines(folder: Path, marks: Marks) -> LinesRemoved:
    """Take every line about the patient out of the reports of a folder; a report without any other line goes."""
    lines = reports = 0
    pattern = telling(i for ids in marks.ids.values() for i in ids)
    for path in _reports(folder):
        everything = list(_lines(path))
        kept = [line for line in everything if not _about(line, marks, pattern)]
        if len(kept) == len(everything):
            continue
        lines += len(everything) - len(kept)
        reports += 1
        if kept:
            _replace(path, b"".join(kept))
        else:
            path.unlink()
            sync_folder(path.parent)
    return LinesRemoved(lines, reports)


def _about(line: bytes, marks: Marks, pattern: re.Pattern[str] | None) -> bool:
    row = _parsed(line)
    if row is not None and names_patient(row, marks):
        return True
    # `where` names the file, and a folder of text files is named after its patient.
    where = row.get("where") if isinstance(row, dict) else None
    if isinstance(where, str) and not marks.ids[Role.PATIENT].isdisjoint(where.split("/")[:-1]):
        return True
    # A line that an interrupted run left half written, or an id within another field.
    words = [line.decode("utf-8", "replace"), json.dumps(row, ensure_ascii=False)]
    return pattern is not None and any(pattern.search(text) for text in words)


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _reports(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in sorted(folder.rglob("*")) if path.name.endswith(_ENDINGS) and path.is_file())


def _lines(path: Path) -> Iterator[bytes]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        yield from file


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(gzip.compress(content) if path.suffix == ".gz" else content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)
