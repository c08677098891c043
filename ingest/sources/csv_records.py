"""CSV records with line numbers, which find their footing again after a broken record.

The usual reader loses every record up to the next quote when one quote is missing. Here a record that cannot be read
gives its lines back, and reading goes on at the next line that begins like a record.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAX_FIELD_CHARS = 64 << 20
"""A longer field is taken for a missing quote."""


@dataclass(frozen=True, slots=True)
class CsvRecord:
    """One record; `fields` is None where it cannot be read. `line` counts from 1 and is where it begins."""

    line: int
    fields: list[str] | None


class _Lines:
    """The lines of a file, able to give back those of the record being read."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self.line = 1

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self._again:
            text = self._again.popleft()
        else:
            raw = self._raw.readline()
            if not raw:
                raise StopIteration
            text = raw.decode("utf-8", "surrogateescape")
        self._taken.append(text)
        return text

    @property
    def blank(self) -> bool:
        """True where what was read since the last record is empty."""
        return not any(text.strip() for text in self._taken)

    def begin(self) -> None:
        """The record read so far is done with."""
        self.line += len(self._taken)
        self._taken = []

    def give_back_from_next(self, start: re.Pattern[str] | None) -> None:
        """Keep the first line of the failed record and those after it that begin no record; give back the rest."""
        kept = 1
        while start is not None and kept < len(self._taken) and not start.match(self._taken[kept]):
            kept += 1
        self._again.extendleft(reversed(self._taken[kept:]))
        self._taken = self._taken[:kept]


def read_csv(raw: BinaryIO) -> Iterator[CsvRecord]:
    """Read the header and then each record, as many fields as the header has.

    Bytes that are not UTF-8 come as lone surrogates (`surrogateescape`).

    Raises:
        OSError, EOFError, zlib.error: the file cannot be read to its end.
    """
    csv.field_size_limit(MAX_FIELD_CHARS)
    lines = _Lines(raw)
    header = next(csv.reader(lines), None)
    if header is None:
        return
    header[0] = header[0].removeprefix("\ufeff")
    yield CsvRecord(1, header)
    lines.begin()
    start = re.compile(r'(?:"[^"\n]*"|[^",\n]*),' * (len(header) - 1)) if header[-1] == "text" else None
    reader = csv.reader(lines, strict=True)
    while True:
        try:
            fields = next(reader, None)
        except csv.Error:
            fields = []
        if fields is None:
            return
        line = lines.line
        if len(fields) == len(header):
            yield CsvRecord(line, fields)
        elif not lines.blank:
            lines.give_back_from_next(start)
            yield CsvRecord(line, None)
        lines.begin()
