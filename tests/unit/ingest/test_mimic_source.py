"""MIMIC-IV-Note rows, whole and broken. `read` gives notes by id and rejections by reason."""

import csv
import gzip
import io
from collections.abc import Sequence
from pathlib import Path

from core.records import Note
from ingest.sources import Reason, Rejected
from ingest.sources.mimic import read_mimic

HEADER = ["note_id", "subject_id", "hadm_id", "note_type", "note_seq", "charttime", "storetime", "text"]


def row(number: int, **changes: str) -> list[str]:
    fields = dict(
        zip(
            HEADER,
            [f"n{number}", "p1", "h1", "DS", "1", "2180-05-07 00:00:00", "", f"Note {number},\nwell."],
            strict=True,
        )
    )
    return list((fields | changes).values())


def write(path: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER) -> Path:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


def read(*paths: Path, max_chars: int = 2_000_000) -> tuple[dict[str, Note], list[Rejected]]:
    rows = list(read_mimic(paths, max_chars))
    notes = [r for r in rows if isinstance(r, Note)]
    return {n.note_id: n for n in notes}, [r for r in rows if isinstance(r, Rejected)]


def test_maps_every_column(tmp_path: Path) -> None:
    notes, rejected = read(write(tmp_path / "discharge.csv", [row(1)]))
    assert notes == {"n1": Note("n1", "p1", "h1", "discharge summary", "2180-05-07", "Note 1,\nwell.")}
    assert rejected == []


def test_a_radiology_report_keeps_its_hour_and_an_absent_encounter_is_none(tmp_path: Path) -> None:
    notes, _ = read(write(tmp_path / "r.csv", [row(1, note_type="RR", charttime="2180-05-07 00:00:00", hadm_id="")]))
    assert notes["n1"].charted_at == "2180-05-07T00:00:00"
    assert notes["n1"].note_type == "radiology report"
    assert notes["n1"].encounter_id is None


def test_reads_gzip_whatever_its_name(tmp_path: Path) -> None:
    plain = write(tmp_path / "a.csv", [row(1)]).read_bytes()
    (tmp_path / "b.csv").write_bytes(gzip.compress(plain))
    assert set(read(tmp_path / "b.csv")[0]) == {"n1"}


def test_a_gzip_file_cut_short_is_reported_after_the_rows_it_still_held(tmp_path: Path) -> None:
    rows = [row(i, text=f"{i} {hash((i, 'x'))}" * 50) for i in range(500)]
    whole = gzip.compress(write(tmp_path / "a.csv", rows).read_bytes())
    (tmp_path / "cut.csv.gz").write_bytes(whole[: len(whole) // 2])
    notes, rejected = read(tmp_path / "cut.csv.gz")
    assert 0 < len(notes) < 500
    assert rejected[-1] == Rejected(Reason.UNREADABLE_FILE, "cut.csv.gz: cut short")


def test_a_file_that_only_claims_to_be_gzip_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_text("note_id,text\n1,x\n")
    assert [r.reason for r in read(tmp_path / "a.csv.gz")[1]] == [Reason.UNREADABLE_FILE]


def test_a_table_without_the_columns_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path / "detail.csv", [["n1", "x"]], header=["note_id", "field_name"])
    assert [r.reason for r in read(path)[1]] == [Reason.UNREADABLE_FILE]


def test_each_bad_row_has_its_reason_line_and_ids(tmp_path: Path) -> None:
    rows = [
        row(1),
        row(2, text="  \n "),
        row(3, charttime="2180-02-30 00:00:00"),
        row(4, note_id=""),
        row(5, subject_id=""),
        ["n6", "p1"],
        row(7, text="x" * 101),
        row(8, note_id="n\x07"),
        row(9),
    ]
    notes, rejected = read(write(tmp_path / "d.csv", rows), max_chars=100)
    assert set(notes) == {"n1", "n9"}
    assert [(r.reason, r.where, r.note_id, r.patient_id) for r in rejected] == [
        (Reason.EMPTY_NOTE, "d.csv:4", "n2", "p1"),
        (Reason.INVALID_DATE, "d.csv:6", "n3", "p1"),
        (Reason.MISSING_NOTE_ID, "d.csv:8", None, "p1"),
        (Reason.MISSING_PATIENT_ID, "d.csv:10", "n5", None),
        (Reason.BAD_ROW, "d.csv:12", None, None),
        (Reason.TOO_LONG, "d.csv:13", "n7", "p1"),
        (Reason.INVALID_ID, "d.csv:14", None, "p1"),
    ]


def test_a_missing_quote_costs_its_own_row_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", [row(1), row(2), row(3)])
    lines = path.read_text().splitlines(keepends=True)
    broken = 'n9,p1,h1,DS,1,2180-05-07 00:00:00,,"this quote never ends\nand goes on\n'
    path.write_text("".join([*lines[:3], broken, *lines[3:]]))
    notes, rejected = read(path)
    assert set(notes) == {"n1", "n2", "n3"}
    assert [(r.reason, r.where) for r in rejected] == [(Reason.BAD_ROW, "d.csv:4")]


def test_a_ten_megabyte_note_is_set_aside_with_its_id(tmp_path: Path) -> None:
    notes, rejected = read(write(tmp_path / "d.csv", [row(1, text="word " * 2_000_000), row(2)]))
    assert set(notes) == {"n2"}
    assert [(r.reason, r.note_id) for r in rejected] == [(Reason.TOO_LONG, "n1")]


def test_bytes_that_are_no_utf8_are_set_aside(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", [row(1, text="caf@"), row(2)])
    path.write_bytes(path.read_bytes().replace(b"caf@", b"caf\xe9"))
    notes, rejected = read(path)
    assert set(notes) == {"n2"}
    assert [(r.reason, r.note_id) for r in rejected] == [(Reason.UNDECODABLE_TEXT, "n1")]


def test_line_ends_nuls_and_byte_order_marks_are_brought_into_one_form(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", [row(1, text="a\r\nb\rc\x00d")])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read(path)[0]["n1"].text == "a\nb\nc d"


def test_a_rejection_never_shows_the_text(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", [row(1, text="SECRETMARKER", charttime="never"), ["SECRETMARKER"]])
    assert "SECRETMARKER" not in repr(read(path)[1])
