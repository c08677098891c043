"""Reading csv by blocks gives what reading it line by line gives, whatever is broken in it.

`plainly` is that slow reading, written to be obviously right.
"""

import csv
import io
import re
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.sources import csv_records
from ingest.sources.csv_records import CsvRecord, read_csv

HEADER = b"a,b,text\n"


class Lines:
    """An iterator over lines that says how many were taken."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.taken == len(self.lines):
            raise StopIteration
        self.taken += 1
        return self.lines[self.taken - 1]


def plainly(data: bytes) -> list[CsvRecord]:
    """The records of a file whose header is HEADER, each read with a reader of its own."""
    lines = [line.decode("utf-8", "surrogateescape") for line in io.BytesIO(data)]
    found = [CsvRecord(1, ["a", "b", "text"])]
    at = 1
    while at < len(lines):
        rest = Lines(lines[at:])
        try:
            fields = next(csv.reader(rest, strict=True))
        except csv.Error:
            fields = []
        taken = lines[at : at + rest.taken]
        if len(fields) == 3:
            found.append(CsvRecord(at + 1, fields))
        elif "".join(taken).strip():
            found.append(CsvRecord(at + 1, None))
            begins = [i for i, line in enumerate(taken) if i and re.match(r'((("[^"\n]*")|([^",\n]*)),){2}', line)]
            taken = taken[: begins[0]] if begins else taken
        at += len(taken)
    return found


def written(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


words = st.text(alphabet='ab",\n\r\té\x00\u2028 ', max_size=12)
tables = st.lists(st.lists(words, min_size=3, max_size=3), max_size=12).map(written)
damage = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.integers(0, 3),
        st.sampled_from([b"", b'"', b"\n", b",", b"\r", b"\xff", b"\x00", b'",', b'\n"', b"\n\n", b"x,y,z\n"]),
    ),
    max_size=6,
)


def damaged(data: bytes, blows: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, instead in blows:
        at = at % (len(data) + 1)
        data = data[:at] + instead + data[at + length :]
    return data


@pytest.mark.parametrize("block", [5, 64 << 10])
@settings(max_examples=400, deadline=None)
@example(table=b'1,2,"never ends\nand on\n3,4,x\n', blows=[])
@example(table=b"1,2,3\n", blows=[(0, 0, b'"')])
@given(table=tables, blows=damage)
def test_reads_what_a_reader_that_goes_line_by_line_reads(
    block: int, table: bytes, blows: list[tuple[int, int, bytes]]
) -> None:
    data = HEADER + damaged(table, blows)
    before, csv_records._BLOCK = csv_records._BLOCK, block
    try:
        assert list(read_csv(io.BytesIO(data))) == plainly(data)
    finally:
        csv_records._BLOCK = before


LONG = b"x" * 300_000


@pytest.mark.parametrize(
    "broken",
    [
        LONG + b"\n",
        b"1,2," + LONG + b"\n",
        b'1,2,"' + LONG + b'"\n',
        b'1,2,"quoted\n' + LONG + b'\nto its end"\n',
        b'1,2,"' + LONG + b"\n",
        LONG,
    ],
)
def test_a_line_too_long_to_be_held_costs_its_own_record(broken: bytes) -> None:
    last = b"" if broken == LONG else b"3,4,good\n"
    found = list(read_csv(io.BytesIO(HEADER + b"0,0,good\n" + broken + last), max_field_chars=1000))
    good = [record.fields for record in found if record.fields]
    assert good == [["a", "b", "text"], ["0", "0", "good"], *([["3", "4", "good"]] if last else [])]
    assert next(record.line for record in found if record.fields is None) == 3
    assert found[-1].line == (2 + broken.count(b"\n") + 1)


class Endless(io.RawIOBase):
    """A csv whose only record is one field of so many bytes."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.start = HEADER + b'1,2,"'

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        part = self.start or b"x" * min(len(buffer), self.left)
        self.left -= 0 if self.start else len(part)
        self.start = b""
        buffer[: len(part)] = part
        return len(part)


def test_a_field_of_two_hundred_megabytes_is_not_held_in_memory() -> None:
    tracemalloc.start()
    try:
        found = list(read_csv(io.BufferedReader(Endless(200_000_000)), max_field_chars=1 << 20))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [(record.line, record.fields is None) for record in found] == [(1, False), (2, True)]
    assert peak < 16 << 20


@pytest.mark.parametrize("header", [b'"' + LONG, b"a,b\rc,text\n", LONG + b"\n"])
def test_a_header_that_cannot_be_read_is_all_that_comes(header: bytes) -> None:
    assert list(read_csv(io.BytesIO(header + b"1,2,3\n"), max_field_chars=1000)) == [CsvRecord(1, [])]


def test_blank_lines_before_the_header_and_a_byte_order_mark_are_nothing() -> None:
    marked = b'\xef\xbb\xbf"a",b,text\n\n1,2,3\n'
    assert [r.fields for r in read_csv(io.BytesIO(marked))] == [["a", "b", "text"], ["1", "2", "3"]]
    assert next(r.fields for r in read_csv(io.BytesIO(b"\n\n" + HEADER + b"1,2,3\n"))) == ["a", "b", "text"]
    assert list(read_csv(io.BytesIO(b""))) == list(read_csv(io.BytesIO(b"\n\n"))) == []
