"""Rows in the form of MIMIC-III's NOTEEVENTS, written for these tests."""

import csv
import io
from pathlib import Path

import pytest

from core.records import Note
from ingest.sources import Reason, Rejected, resolve_input
from ingest.sources.mimic_iii import read_mimic_iii
from ingest.sources.note_types import mimic_iii_note_type

HEADER = "ROW_ID,SUBJECT_ID,HADM_ID,CHARTDATE,CHARTTIME,STORETIME,CATEGORY,DESCRIPTION,CGID,ISERROR,TEXT"
COLUMNS = next(csv.reader([HEADER]))
TEXT = 'Admission Date:  [**2150-3-4**]\n\nSeen by Dr. [**Last Name (STitle) 17**], who said "well".\n'


def row(number: int, **changes: str) -> dict[str, str]:
    fields = dict.fromkeys(COLUMNS, "") | {
        "ROW_ID": str(number),
        "SUBJECT_ID": "4001",
        "HADM_ID": "150001",
        "CHARTDATE": "2150-03-04",
        "CATEGORY": "Discharge summary",
        "DESCRIPTION": "Report",
        "TEXT": TEXT,
    }
    return fields | changes


def write(path: Path, *rows: dict[str, str], lower: bool = False, quoting: int = csv.QUOTE_ALL) -> Path:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=quoting)
    writer.writerow([name.lower() if lower else name for name in COLUMNS])
    writer.writerows(fields.values() for fields in rows)
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


def read(path: Path) -> tuple[list[Note], list[Rejected]]:
    rows = list(read_mimic_iii([path], 10_000))
    return [r for r in rows if isinstance(r, Note)], [r for r in rows if isinstance(r, Rejected)]


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
def test_maps_every_column_under_names_in_either_case(tmp_path: Path, lower: bool, quoting: int) -> None:
    path = write(tmp_path / "NOTEEVENTS.csv", row(174), lower=lower, quoting=quoting)
    assert resolve_input(path).format == "mimic3"
    notes, rejected = read(path)
    assert notes == [Note("mimic-iii/174", "4001", "150001", "discharge summary", "2150-03-04", TEXT)]
    assert rejected == []


def test_a_note_is_dated_by_its_hour_else_by_its_day(tmp_path: Path) -> None:
    timed = row(1, CHARTTIME="2150-03-04 00:00:00", CATEGORY="Nursing/other")
    notes, _ = read(write(tmp_path / "n.csv", timed, row(2, CHARTDATE="2150-03-05 00:00:00"), row(3, CHARTDATE="")))
    assert [n.charted_at for n in notes] == ["2150-03-04T00:00:00", "2150-03-05", None]


def test_a_row_marked_as_an_error_is_left_out_and_counted(tmp_path: Path) -> None:
    notes, rejected = read(write(tmp_path / "n.csv", row(1, ISERROR="1"), row(2, ISERROR="1.0"), row(3, ISERROR="0")))
    assert [n.note_id for n in notes] == ["mimic-iii/3"]
    assert rejected[0] == Rejected(Reason.ENTERED_IN_ERROR, "n.csv:2", "mimic-iii/1", "4001")
    assert len(rejected) == 2


def test_numbers_that_a_data_frame_wrote_are_whole_again(tmp_path: Path) -> None:
    notes, _ = read(write(tmp_path / "n.csv", row(1, ROW_ID="7.0", SUBJECT_ID="4001.0", HADM_ID="150001.0")))
    assert (notes[0].note_id, notes[0].patient_id, notes[0].encounter_id) == ("mimic-iii/7", "4001", "150001")


def test_bad_rows_have_their_reason_and_a_missing_quote_costs_its_own_row(tmp_path: Path) -> None:
    path = write(
        tmp_path / "n.csv",
        row(1, ROW_ID=""),
        row(2, SUBJECT_ID=""),
        row(3, TEXT=" "),
        row(4, CHARTTIME="noon"),
        row(5, TEXT="caf@"),
        row(6),
        row(7),
    )
    data = path.read_bytes().replace(b"caf@", b"caf\xe9")
    path.write_bytes(data.replace(b'"well"".\n"\n"7"', b'"well"".\n\n"7"'))
    notes, rejected = read(path)
    assert [n.note_id for n in notes] == ["mimic-iii/7"]
    assert [(r.reason, r.note_id) for r in rejected] == [
        (Reason.MISSING_NOTE_ID, None),
        (Reason.MISSING_PATIENT_ID, "mimic-iii/2"),
        (Reason.EMPTY_NOTE, "mimic-iii/3"),
        (Reason.INVALID_DATE, "mimic-iii/4"),
        (Reason.UNDECODABLE_TEXT, "mimic-iii/5"),
        (Reason.BAD_ROW, None),
    ]


@pytest.mark.parametrize(
    ("category", "description", "note_type"),
    [
        ("Discharge summary", "Report", "discharge summary"),
        ("Discharge summary", "Addendum", "discharge summary addendum"),
        ("Physician ", "Physician Resident Progress Note", "progress note"),
        ("Physician ", "Physician Attending Admission Note - MICU", "history and physical"),
        ("Physician ", "Intensivist Note", "progress note"),
        ("Nursing", "Nursing Progress Note", "nursing note"),
        ("Nursing", "Nursing Transfer Note", "nursing transfer note"),
        ("Nursing/other", "Report", "nursing note"),
        ("Radiology", "CHEST (PORTABLE AP)", "radiology report"),
        ("ECG", "Report", "electrocardiogram report"),
        ("Echo", "Report", "echocardiogram report"),
        ("Rehab Services", "Bedside  Swallowing Evaluation ", "bedside swallowing evaluation"),
        ("Case Management ", "Deferred", "case management note"),
        ("General", "Generic Note", "general note"),
        ("Podiatry", "Report", "podiatry"),
        ("", "", ""),
    ],
)
def test_category_and_description_give_the_type(category: str, description: str, note_type: str) -> None:
    assert mimic_iii_note_type(category, description) == note_type
