import gzip
import json
from pathlib import Path

import pytest

from core.errors import IngestFailed
from ingest.sources import resolve_input

MIMIC = "note_id,subject_id,hadm_id,note_type,note_seq,charttime,storetime,text\n"


@pytest.mark.parametrize(
    ("name", "content", "format", "source"),
    [
        ("discharge.csv", MIMIC, "mimic", "discharge"),
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
