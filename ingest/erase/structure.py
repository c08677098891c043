"""Looking for ids where they have a name: in the columns of databases and in the fields of JSON."""

# ruff: noqa: S608 -- names of tables and columns come from the database itself, quoted

import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ingest.erase.marks import Marks, Role

_SQLITE = b"SQLite format 3\x00"
_LARGEST_DOCUMENT = 1 << 26


def named_in_file(path: Path, marks: Marks) -> Iterator[str]:
    """Where a file names the patient by id, as `table.column` or as a field's name; nothing where it cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_SQLITE))
    except OSError:
        return
    if head == _SQLITE:
        yield from _in_database(path, marks)
    elif ".json" in path.name:
        yield from sorted(set(_in_json(path, marks)))


def names_patient(value: Any, marks: Marks) -> bool:
    """Whether a JSON value names the patient by one of their ids, in a field that holds such ids."""
    return any(True for _ in _fields(value, marks))


def _in_database(path: Path, marks: Marks) -> Iterator[str]:
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)) as db:
            db.execute("CREATE TEMP TABLE wanted (role TEXT, id TEXT, PRIMARY KEY (role, id))")
            rows = [(role.value, i) for role, ids in marks.ids.items() for i in ids]
            db.executemany("INSERT INTO wanted VALUES (?, ?)", rows)
            tables = db.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                for column in [row[1] for row in db.execute(f'PRAGMA main.table_info("{table}")')]:
                    role, value = _role_of(column), f'"{column}"'
                    source = f'main."{table}"'
                    if role is None:
                        continue
                    if column.endswith("ids"):
                        source, value = f"{source}, json_each({value})", "json_each.value"
                    found = db.execute(
                        f"SELECT 1 FROM {source} WHERE {value} IN (SELECT id FROM wanted WHERE role = ?) LIMIT 1",
                        (role.value,),
                    ).fetchone()
                    if found:
                        yield f"{table}.{column}"
    except sqlite3.Error:
        # No database after all, or half of one: its bytes have been searched like any others.
        return


def _role_of(column: str) -> Role | None:
    name = column.removesuffix("s")
    return next((role for role in Role if role.value == name), Role.PATIENT if column == "folded" else None)


def _in_json(path: Path, marks: Marks) -> Iterator[str]:
    opener = gzip.open if path.name.endswith(".gz") else open
    try:
        with opener(path, "rt", encoding="utf-8", errors="replace") as file:
            if ".jsonl" in path.name:
                for line in file:
                    yield from _in_line(line, marks)
            elif path.stat().st_size <= _LARGEST_DOCUMENT:
                yield from _in_line(file.read(), marks)
    except (OSError, EOFError):
        return


def _in_line(line: str, marks: Marks) -> Iterator[str]:
    try:
        yield from _fields(json.loads(line), marks)
    except (ValueError, RecursionError):
        return


def _fields(value: Any, marks: Marks) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            role = _role_of(str(name))
            given = inner if isinstance(inner, list) else [inner]
            if role is not None and any(isinstance(i, str) and i in marks.ids[role] for i in given):
                yield str(name)
            yield from _fields(inner, marks)
    elif isinstance(value, list):
        for inner in value:
            yield from _fields(inner, marks)
