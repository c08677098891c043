"""A folder with notes in several forms is refused; one where other files lie beside the notes is read."""

from pathlib import Path

import pytest

from core.errors import IngestFailed
from ingest.sources import resolve_input

MIMIC = "note_id,subject_id,hadm_id,note_type,note_seq,charttime,storetime,text\n"
JSONL = '{"note_id": "a", "patient_id": "p", "text": "x"}\n'
BUNDLE = '{"resourceType": "Bundle"}'


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


@pytest.mark.parametrize(
    ("files", "counts"),
    [
        ({"a.jsonl": JSONL, "b.csv": MIMIC, "c.txt": "x"}, "1 csv, 1 jsonl files"),
        ({"a.csv": MIMIC, "b.csv": MIMIC, "c.ndjson": BUNDLE, "d.json": BUNDLE}, "2 csv, 1 json, 1 ndjson files"),
        ({"a.csv": MIMIC, "b.json": JSONL}, "1 csv, 1 json files"),
        ({"a.csv": "", "b.jsonl": JSONL}, "1 csv, 1 jsonl files"),
        ({"a.csv": "patient,text\n", "b.jsonl": JSONL}, "1 csv, 1 jsonl files"),
        ({"a.json": BUNDLE, "b.jsonl": JSONL}, "1 json, 1 jsonl files"),
        ({"a.csv": MIMIC, "p1/a.txt": "x", "p2/b.txt": "x"}, "1 csv, 2 txt files"),
        ({"a.jsonl": JSONL, "p1/a.txt": "x"}, "1 jsonl, 1 txt files"),
    ],
)
def test_notes_in_several_forms_are_counted_and_refused(tmp_path: Path, files: dict[str, str], counts: str) -> None:
    with pytest.raises(IngestFailed, match=rf"several forms \({counts}\).*--source-format") as error:
        resolve_input(write(tmp_path, files))
    assert str(tmp_path) in str(error.value)


def test_a_given_format_takes_its_files_alone(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.jsonl": JSONL, "b.csv": MIMIC})
    assert [p.name for p in resolve_input(folder, "jsonl").files] == ["a.jsonl"]
    assert [p.name for p in resolve_input(folder, "mimic").files] == ["b.csv"]


ABOUT = {
    "LICENSE.txt": "x", "SHA256SUMS.txt": "x", "README.md": "x", "index.html": "x", "manual.pdf": "x", "RECORDS": "x",
    "CHANGELOG.txt": "x", "croissant.json": '{"@context": {}, "name": "notes"}', "SHA256SUMS.txt.gz": "x",
}  # fmt: skip


@pytest.mark.parametrize("form", ["mimic", "jsonl", "fhir"])
@pytest.mark.parametrize("below", ["", "physionet.org/files/2.2/"])
def test_what_data_sets_come_with_trips_nobody(tmp_path: Path, form: str, below: str) -> None:
    notes = {"mimic": ("note/a.csv", MIMIC), "jsonl": ("note/a.jsonl", JSONL), "fhir": ("note/a.json", BUNDLE)}[form]
    about = {f"{below}{name}": text for name, text in ABOUT.items()}
    beside = {"note/columns.txt": "x", "note/codes.csv": "code,meaning\n", "robots.txt": "x"}
    found = resolve_input(write(tmp_path, {**about, **beside, notes[0]: notes[1]}))
    assert found.format == form
    assert tmp_path / notes[0] in found.files


def test_a_document_about_the_charts_does_not_hide_a_folder_of_text_files(tmp_path: Path) -> None:
    folder = write(tmp_path, {"about.json": '{"name": "ward 3"}', "p1/a.txt": "x"})
    assert resolve_input(folder).format == "text"
