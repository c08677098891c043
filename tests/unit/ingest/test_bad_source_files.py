"""Files and ids that are not what a reader hopes for, in every format."""

import base64
import bz2
import csv
import gzip
import io
import json
import lzma
import os
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import IngestFailed
from core.records import Note
from ingest.sources import READERS, Format, Reason, Rejected, SourceRow, fhir_json, resolve_input
from ingest.sources.jsonl import read_jsonl
from ingest.sources.mimic import read_mimic
from ingest.sources.text_folder import read_text_folder

Write = Callable[[str, str, str], str]
"""A file of one note, from its id, its patient's and its text."""


def as_csv(columns: str, *values: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([columns.split(","), values])
    return out.getvalue()


def mimic(note_id: str, patient_id: str, text: str) -> str:
    return as_csv("note_id,subject_id,note_type,charttime,text", note_id, patient_id, "RR", "", text)


def mimic3(note_id: str, patient_id: str, text: str) -> str:
    return as_csv("row_id,subject_id,chartdate,category,text", note_id, patient_id, "", "ECG", text)


def jsonl(note_id: str, patient_id: str, text: str) -> str:
    return json.dumps({"note_id": note_id, "patient_id": patient_id, "text": text}) + "\n"


def fhir(note_id: str, patient_id: str, text: str) -> str:
    data = base64.b64encode(text.encode()).decode()
    attachment = {"contentType": "text/plain", "data": data}
    body = {"resourceType": "DocumentReference", "id": note_id, "subject": {"identifier": {"value": patient_id}}}
    return json.dumps(body | {"content": [{"attachment": attachment}]}) + "\n"


WRITERS: dict[Format, tuple[Write, str]] = {
    "mimic": (mimic, "n.csv"),
    "mimic3": (mimic3, "n.csv"),
    "jsonl": (jsonl, "n.jsonl"),
    "fhir": (fhir, "n.ndjson"),
}


def read(format: Format, path: Path) -> list[SourceRow]:
    return list(READERS[format]([path], 1000))


def reasons(rows: list[SourceRow]) -> list[tuple[Reason, str]]:
    return [(row.reason, row.where) for row in rows if isinstance(row, Rejected)]


@pytest.mark.parametrize("format", WRITERS)
@pytest.mark.parametrize("id", ["a/b/../c", "é\u2028🩺 b", "'; DROP TABLE notes; --", "x" * 500])
def test_ids_may_hold_what_can_be_stored(tmp_path: Path, format: Format, id: str) -> None:
    write, name = WRITERS[format]
    (tmp_path / name).write_text(write(id, id, "Well."), encoding="utf-8")
    (note,) = read(format, tmp_path / name)
    assert isinstance(note, Note) and note.patient_id == id and note.note_id.endswith(id)


@pytest.mark.parametrize("format", WRITERS)
@pytest.mark.parametrize("id", ["a\nb", "a\x00b", "a\x1b[31m", "x" * 600])
@pytest.mark.parametrize("text", ["Well.", ""])
def test_ids_that_cannot_be_stored_never_leave_the_reader(tmp_path: Path, format: Format, id: str, text: str) -> None:
    write, name = WRITERS[format]
    (tmp_path / name).write_text(write(id, "p", text) + write("n", id, text).splitlines(keepends=True)[-1])
    for row in read(format, tmp_path / name):
        assert isinstance(row, Rejected)
        assert all(
            found is None or (len(found) < 512 and found.isprintable()) for found in (row.note_id, row.patient_id)
        )


def test_bytes_that_are_no_text_in_ids_and_names_do_not_come_through(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9\n.csv")
    (tmp_path / name).write_bytes(mimic("n@", "p@", "caf@").encode().replace(b"@", b"\xe9"))
    found = resolve_input(tmp_path / name)
    assert found.name == "caf\ufffd\ufffd"
    assert list(read_mimic(found.files, 1000)) == [Rejected(Reason.UNDECODABLE_TEXT, "caf\ufffd\ufffd.csv:2")]
    patient = tmp_path / "t" / os.fsdecode(b"p\xe9")
    patient.mkdir(parents=True)
    (patient / "a.txt").write_text("Well.")
    assert list(read_text_folder([tmp_path / "t"], 1000)) == [Rejected(Reason.INVALID_ID, "p\ufffd/a.txt")]


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("notes", data)
    return out.getvalue()


@pytest.mark.parametrize("format", WRITERS)
@pytest.mark.parametrize(
    ("spoil", "ending", "says"),
    [
        (zipped, ".gz", "a zip archive; unpack it first"),
        (zipped, "", "a zip archive; unpack it first"),
        (bz2.compress, ".gz", "compressed with bzip2; gzip it instead"),
        (lzma.compress, "", "compressed with xz; gzip it instead"),
        (lambda data: data, ".gz", "named like gzip and is none"),
        (lambda data: b"", ".GZ", "empty, which no gzip file is"),
        (lambda data: data.decode().encode("utf-16"), "", "in UTF-16; write it in UTF-8"),
        (lambda data: gzip.compress(data)[:-9], ".gz", "cut short"),
        (lambda data: gzip.compress(data)[:-8] + b"12345678", ".gz", "damaged"),
    ],
)
def test_a_file_in_the_wrong_wrapping_is_named_with_the_way_out(
    tmp_path: Path, format: Format, spoil: Callable[[bytes], bytes], ending: str, says: str
) -> None:
    write, name = WRITERS[format]
    path = tmp_path / (name + ending)
    path.write_bytes(spoil(write("n", "p", "Well.").encode()))
    assert reasons(read(format, path))[-1] == (Reason.UNREADABLE_FILE, f"{path.name}: {says}")


def test_an_input_of_no_known_name_says_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes.zip").write_bytes(zipped(b"x"))
    with pytest.raises(IngestFailed, match="a zip archive"):
        resolve_input(tmp_path / "notes.zip")


@pytest.mark.parametrize("format", WRITERS)
def test_a_gzip_file_of_nothing_holds_no_note(tmp_path: Path, format: Format) -> None:
    path = tmp_path / f"{WRITERS[format][1]}.gz"
    path.write_bytes(gzip.compress(b""))
    rows = read(format, path)
    assert [row.reason for row in rows if isinstance(row, Rejected)] == [Reason.UNREADABLE_FILE] * len(rows)
    assert len(rows) == (format in ("mimic", "mimic3"))


def changed_midway(rows: Iterator[SourceRow], change: Callable[[], object]) -> list[SourceRow]:
    first = next(rows)
    change()
    return [first, *rows]


@pytest.mark.parametrize("format", ["mimic", "jsonl"])
@pytest.mark.parametrize("kept", [0.5, 2])
def test_a_file_that_shrinks_or_grows_while_it_is_read_is_not_taken_for_whole(
    tmp_path: Path, format: Format, kept: float
) -> None:
    write, name = WRITERS[format]
    path = tmp_path / name
    last = write("n", "p", "word " * 150).splitlines(keepends=True)[-1]
    path.write_text(write("n", "p", "first") + last * 2000)
    size = int(path.stat().st_size * kept)
    rows = changed_midway(READERS[format]([path], 1000), lambda: os.truncate(path, size))
    assert isinstance(rows[0], Note)
    says = "changed while it was read; run again when it is complete"
    assert reasons(rows)[-1] == (Reason.UNREADABLE_FILE, f"{name}: {says}")


def test_a_file_that_is_replaced_while_it_is_read_is_read_as_it_was(tmp_path: Path) -> None:
    path, new = tmp_path / "n.jsonl", tmp_path / "new"
    path.write_text("".join(jsonl(f"n{i}", "p", "word " * 150) for i in range(2000)))
    new.write_text(jsonl("other", "p", "x"))
    rows = changed_midway(read_jsonl([path], 1000), lambda: new.rename(path))
    assert len(rows) == 2000 and not reasons(rows)


def test_a_line_too_long_to_be_a_note_is_passed_over_without_being_held(tmp_path: Path) -> None:
    path = tmp_path / "n.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as out:
        out.write(jsonl("a", "p", "Well.").encode())
        for _ in range(100):
            out.write(b"x" * 1_000_000)
        out.write(b"\n" + jsonl("b", "p", "Well.").encode())
    tracemalloc.start()
    try:
        rows = list(read_jsonl([path], 1000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [row.note_id for row in rows if isinstance(row, Note)] == ["a", "b"]
    assert reasons(rows) == [(Reason.TOO_LONG, "n.jsonl.gz:2")]
    assert peak < 8 << 20


def test_a_bundle_too_large_for_memory_is_refused_and_a_line_of_ndjson_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fhir_json, "MAX_DOCUMENT", 1000)
    bundle = {"resourceType": "Bundle", "entry": [{"resource": json.loads(fhir("n", "p", "x" * 900))}]}
    (tmp_path / "b.json").write_text(json.dumps(bundle, indent=1))
    assert reasons(read("fhir", tmp_path / "b.json"))[0][1].endswith("write it as NDJSON")
    (tmp_path / "n.ndjson").write_text(fhir("n", "p", "Well.") + fhir("m", "p", "x" * 900) + fhir("o", "p", "Well."))
    rows = read("fhir", tmp_path / "n.ndjson")
    assert [row.note_id for row in rows if isinstance(row, Note)] == ["n", "o"]
    assert reasons(rows) == [(Reason.BAD_ROW, "n.ndjson:2")]


def test_notes_come_in_the_order_of_the_file_whatever_their_dates(tmp_path: Path) -> None:
    columns = "note_id,subject_id,note_type,charttime,text\n"
    (tmp_path / "n.csv").write_text(columns + "3,p,RR,2150-03-04,c\n1,q,RR,2149-01-01,a\n2,p,RR,,b\n")
    notes = [row for row in read_mimic([tmp_path / "n.csv"], 1000) if isinstance(row, Note)]
    assert [(note.note_id, note.charted_at) for note in notes] == [
        ("3", "2150-03-04"),
        ("1", "2149-01-01"),
        ("2", None),
    ]


def test_a_folder_of_ten_thousand_files_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "p0").mkdir()
    first = tmp_path / "p0" / "first.txt"
    first.write_bytes(b"Well.")
    for number in range(9_999):
        os.link(first, tmp_path / "p0" / f"2150-01-01 note {number}.txt")
    found = resolve_input(tmp_path)
    opener = found.counting_opener()
    rows = list(READERS[found.format](found.files, 1000, opener))
    assert len({row.note_id for row in rows if isinstance(row, Note)}) == len(rows) == 10_000
    assert opener.done == opener.total == 50_000


def test_a_folder_that_cannot_be_listed_is_not_taken_for_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p1").mkdir()
    (tmp_path / "p1" / "a.txt").write_text("Well.")
    (tmp_path / "p2").mkdir()
    scandir = os.scandir

    def forbidding(folder: str | Path) -> object:
        if Path(folder).name == "p2":
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", forbidding)
    with pytest.raises(IngestFailed, match="p2: Permission denied"):
        resolve_input(tmp_path)
    assert list(read_text_folder([tmp_path], 1000)) == [Rejected(Reason.UNREADABLE_FILE, "p2: Permission denied")]
