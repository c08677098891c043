"""Tables of notes in csv, whose columns are told by name, in upper or lower case."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from ingest.sources.csv_records import MAX_FIELD_CHARS, read_csv
from ingest.sources.files import READ_ERRORS, Opener, open_bytes
from ingest.sources.rows import Reason, SourceRow, reject, unreadable

Fields: TypeAlias = Mapping[str, str]
"""One record by the names of its columns in lower case."""

_UNDECODED = re.compile(r"[\udc80-\udcff]")
_WHOLE_FLOAT = re.compile(r"(\d+)\.0+", re.ASCII)


def column_names(path: Path) -> list[str]:
    """The column names of a csv file in lower case, empty where it cannot be read."""
    try:
        with open_bytes(path) as raw:
            return next((_names(record.fields) for record in read_csv(raw)), [])
    except READ_ERRORS:
        return []


def read_tables(
    files: Sequence[Path],
    required: Sequence[str],
    make_row: Callable[[str, Fields, int], SourceRow],
    max_chars: int,
    opener: Opener,
) -> Iterator[SourceRow]:
    """Make a row of every record of every file, one at a time: `make_row(where, fields, max_chars)`."""
    for path in files:
        try:
            yield from _read_table(path, required, make_row, max_chars, opener)
        except READ_ERRORS as e:
            yield unreadable(path, e)


def undecoded(text: str) -> bool:
    """True where a text holds bytes that are not UTF-8."""
    return not text.isascii() and _UNDECODED.search(text) is not None


def whole_number(value: str | None) -> str:
    """A number without the `.0` that spreadsheets and data frames give a column with gaps."""
    text = (value or "").strip()
    found = _WHOLE_FLOAT.fullmatch(text)
    return found[1] if found else text


def _names(header: list[str] | None) -> list[str]:
    return [name.strip().lower() for name in header or []]


def _read_table(
    path: Path,
    required: Sequence[str],
    make_row: Callable[[str, Fields, int], SourceRow],
    max_chars: int,
    opener: Opener,
) -> Iterator[SourceRow]:
    with opener(path) as raw:
        records = read_csv(raw, max(MAX_FIELD_CHARS, max_chars))
        first = next(records, None)
        names = _names(first and first.fields)
        if not set(required) <= set(names):
            needed = f"{'' if names else 'it has no columns; '}columns {', '.join(required)} are needed"
            yield reject(Reason.UNREADABLE_FILE, f"{path.name}: {needed}")
            return
        for line, fields in records:
            where = f"{path.name}:{line}"
            if fields is None:
                yield reject(Reason.BAD_ROW, where)
            else:
                yield make_row(where, dict(zip(names, fields, strict=True)), max_chars)
