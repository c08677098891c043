"""CSV records with line numbers, which find their footing again after a broken record.

The usual reader loses every record up to the next quote when one quote is missing. Here a record that cannot be read
gives its lines back, and reading goes on at the next line that begins like a record.

The C reader of the standard library pulls whole blocks of lines; no Python runs per line. The blocks are held until the
records that begin in them are done, so that a broken one can be read again from its second line.
"""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

MAX_FIELD_CHARS = 16 << 20
"""A longer field is taken for a missing quote; a line of four times as many bytes is broken, whatever it holds."""

_BLOCK = 64 << 10
_BROKEN_LINE = b'"x"x\n'
"""Stands for a line that is too long to be held: no record with it can be read, inside quotes or out of them."""


class CsvRecord(NamedTuple):
    """One record; `fields` is None where it cannot be read. `line` counts from 1 and is where it begins."""

    line: int
    fields: list[str] | None


class _Lines:
    """The lines of a file, numbered from 0, which can be read again from where the present record began."""

    def __init__(self, raw: io.BufferedIOBase, longest: int) -> None:
        self._blocks = _blocks(raw, longest)
        self._held: deque[list[str]] = deque()
        self._first = 0
        self.begin = 0
        """Where the present record began. Lines before it are let go."""

    def read_from(self, line: int) -> Iterator[str]:
        """The lines from this one on, which must not lie before `begin`."""
        return chain.from_iterable(self._read_from(line))

    def _read_from(self, line: int) -> Iterator[list[str]]:
        at = self._first
        for held in list(self._held):
            if line < at + len(held):
                yield held[max(0, line - at) :]
            at += len(held)
        for block in self._blocks:
            while self._held and self._first + len(self._held[0]) <= self.begin:
                self._first += len(self._held.popleft())
            # A line ends with "\n" alone: str.splitlines knows a dozen other ends that stand in notes.
            text = block.decode("utf-8", "surrogateescape")
            if not at:
                text = text.removeprefix("\ufeff")
            lines = io.StringIO(text, newline="\n").readlines()
            at += len(lines)
            self._held.append(lines)
            yield lines

    def taken(self, end: int) -> list[str]:
        """The lines of the present record, which ends before line `end`."""
        found: list[str] = []
        at = self._first
        for held in self._held:
            if self.begin < at + len(held) and at < end:
                found += held[max(0, self.begin - at) : end - at]
            at += len(held)
        return found


def _blocks(raw: io.BufferedIOBase, longest: int) -> Iterator[bytes]:
    """Whole lines, many at a time."""
    parts: list[bytes] = []
    size = 0
    while data := raw.read1(_BLOCK):
        cut = data.rfind(b"\n") + 1
        if cut:
            if size > longest:
                yield _BROKEN_LINE + data[data.find(b"\n") + 1 : cut]
            else:
                yield b"".join([*parts, data[:cut]])
            parts, size = [], 0
        if cut < len(data):
            size += len(data) - cut
            parts.append(data[cut:])
        if size > longest:
            parts.clear()
    if size:
        yield b"".join(parts) if size <= longest else _BROKEN_LINE


def read_csv(raw: io.BufferedIOBase, max_field_chars: int = MAX_FIELD_CHARS) -> Iterator[CsvRecord]:
    """Read the header and then each record, as many fields as the header has.

    Bytes that are not UTF-8 come as lone surrogates (`surrogateescape`). A header that cannot be read has no fields and
    is all that comes.

    Raises:
        OSError, EOFError, zlib.error: the file cannot be read to its end.
    """
    csv.field_size_limit(max_field_chars)
    lines = _Lines(raw, 4 * max_field_chars)
    reader = csv.reader(lines.read_from(0), strict=True)
    try:
        header = next((fields for fields in reader if fields), None)
    except csv.Error:
        header = []
    if header is None:
        return
    yield CsvRecord(1, header)
    if header:
        yield from _records(lines, reader.line_num, header)


def _records(lines: _Lines, first: int, header: list[str]) -> Iterator[CsvRecord]:
    start = re.compile(r'(?:"[^"\n]*"|[^",\n]*),' * (len(header) - 1)) if header[-1].lower() == "text" else None
    lines.begin = first
    reader = csv.reader(lines.read_from(first), strict=True)
    while True:
        try:
            fields = next(reader, None)
        except csv.Error:
            fields = []
        if fields is None:
            return
        begin, end = lines.begin, first + reader.line_num
        if len(fields) == len(header):
            yield CsvRecord(begin + 1, fields)
        elif any(map(str.strip, taken := lines.taken(end))):
            # Keep the first line and those after it that begin no record; give back the rest.
            kept = 1
            while start is not None and kept < len(taken) and not start.match(taken[kept]):
                kept += 1
            yield CsvRecord(begin + 1, None)
            if begin + kept < end:
                first = end = begin + kept
                reader = csv.reader(lines.read_from(first), strict=True)
        lines.begin = end
