import gzip
import json
from pathlib import Path

import pytest

from core.errors import IngestFailed
from ingest.sources import resolve_input

MIMIC = "note_id,subject_id,hadm_id,note_type,note_seq,charttime,storetime,text\n"
MIMIC_III = "ROW_ID,SUBJECT_ID,HADM_ID,CHARTDATE,CHARTTIME,STORETIME,CATEGORY,DESCRIPTION,CGID,ISERROR,TEXT\n"


@pytest.mark.parametrize(
    ("name", "content", "format", "source"),
    [
        ("discharge.csv", MIMIC, "mimic", "discharge"),
        ("discharge.csv", MIMIC.upper(), "mimic", "discharge"),
        ("NOTEEVENTS.csv", MIMIC_III, "mimic3", "NOTEEVENTS"),
        ("noteevents.csv", MIMIC_III.lower(), "mimic3", "noteevents"),
        ("b.json", json.dumps({"resourceType": "Bundle", "entry": []}, indent=2), "fhir", "b"),
        ("b.json", json.dumps({"resourceType": "Bundle", "entry": []}), "fhir", "b"),
        ("d.ndjson", json.dumps({"resourceType": "DocumentReference"}), "fhir", "d"),
        ("notes.jsonl", '{"note_id": "a"}\n', "jsonl", "notes"),
        ("notes.json", '{"note_id": "a"}\n{"note_id": "b"}\n', "jsonl", "notes"),
        ("notes.jsonl", "{broken\n", "jsonl", "notes"),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_tells_the_format_from_the_file(
    tmp_path: Path, name: str, content: str, format: str, source: str, compressed: bool
) -> None:
    path = tmp_path / (f"{name}.gz" if compressed else name)
    path.write_bytes(gzip.compress(content.encode()) if compressed else content.encode())
    found = resolve_input(path)
    assert (found.format, found.name, found.files) == (format, source, (path,))


def test_a_mimic_folder_leaves_the_tables_of_details_alone(tmp_path: Path) -> None:
    (tmp_path / "discharge.csv").write_text(MIMIC)
    (tmp_path / "discharge_detail.csv").write_text("note_id,subject_id,field_name,field_value\n")
    (tmp_path / "radiology.csv.gz").write_bytes(b"\x1f\x8bbroken")
    found = resolve_input(tmp_path)
    assert found.format == "mimic"
    assert [p.name for p in found.files] == ["discharge.csv", "radiology.csv.gz"]
    assert found.name == tmp_path.name


def test_a_folder_of_bundles_is_fhir_and_one_of_text_files_is_text(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "a.json").write_text('{"resourceType": "Bundle"}')
    (tmp_path / "t" / "p1").mkdir(parents=True)
    (tmp_path / "t" / "p1" / "a.txt").write_text("x")
    assert resolve_input(tmp_path / "f").format == "fhir"
    assert resolve_input(tmp_path / "t").files == (tmp_path / "t",)


def test_says_what_to_do_when_it_cannot_tell(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"\x00\x01")
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "x.bin", tmp_path / "empty", tmp_path / "absent"):
        with pytest.raises(IngestFailed, match=str(path)):
            resolve_input(path)


def test_a_given_format_wins(tmp_path: Path) -> None:
    (tmp_path / "export.dat").write_text('{"note_id": "a"}\n')
    assert resolve_input(tmp_path / "export.dat", "jsonl").format == "jsonl"


def test_a_folder_of_mimic_iii_gives_its_notes_alone(tmp_path: Path) -> None:
    (tmp_path / "ADMISSIONS.csv").write_text('"ROW_ID","SUBJECT_ID","HADM_ID"\n')
    (tmp_path / "NOTEEVENTS.csv").write_text(MIMIC_III)
    found = resolve_input(tmp_path)
    assert (found.format, [p.name for p in found.files]) == ("mimic3", ["NOTEEVENTS.csv"])


def test_a_folder_with_tables_of_both_mimics_asks_which_is_meant(tmp_path: Path) -> None:
    (tmp_path / "NOTEEVENTS.csv").write_text(MIMIC_III)
    (tmp_path / "discharge.csv").write_text(MIMIC)
    with pytest.raises(IngestFailed, match="mimic and mimic3"):
        resolve_input(tmp_path)
    assert [p.name for p in resolve_input(tmp_path, "mimic").files] == ["discharge.csv"]
    assert [p.name for p in resolve_input(tmp_path, "mimic3").files] == ["NOTEEVENTS.csv"]


def test_tables_without_notes_do_not_hide_other_notes(tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text("code,meaning\n")
    (tmp_path / "notes.jsonl").write_text('{"note_id": "a"}\n')
    assert [p.name for p in resolve_input(tmp_path).files] == ["notes.jsonl"]
