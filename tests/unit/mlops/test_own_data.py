"""Data sets of the user's own are read as they are published, and refused by name where they are not."""

import csv
import gzip
import json
from pathlib import Path

import pytest

from mlops.evaluation.own_data import Unreadable, read_archehr, read_longhealth, read_mimic_charts
from tests.fakes.own_data import ARCHEHR_KEY, ARCHEHR_XML, LONGHEALTH


@pytest.fixture
def archehr(tmp_path: Path) -> Path:
    (tmp_path / "archehr-qa.xml").write_text(ARCHEHR_XML)
    (tmp_path / "archehr-qa_key.json").write_text(json.dumps(ARCHEHR_KEY))
    return tmp_path


def test_a_case_becomes_a_patient_with_one_note_and_a_question(archehr: Path) -> None:
    data = read_archehr(archehr)
    assert [n.patient_id for n in data.notes] == ["archehr-5", "archehr-6"]
    assert data.notes[0].text == (
        "Brief Hospital Course:\n\nHe was admitted with chest pain. Cardiac catheterization was\nrecommended for the "
        "low ejection fraction.\n\nHe went home."
    )
    assert data.questions[0].text == "Why was cardiac catheterization recommended to the patient?"
    assert set(data.digests) == {"archehr/archehr-qa.xml", "archehr/archehr-qa_key.json"}


def test_essential_sentences_are_where_the_answer_stands(archehr: Path) -> None:
    data = read_archehr(archehr)
    (place,) = data.questions[0].places
    assert data.notes[0].text[place.start : place.end].startswith("Cardiac catheterization was\nrecommended")
    assert data.notes[0].text[place.start : place.end].endswith("ejection fraction.")
    assert data.questions[1].places == ()


def test_a_test_set_without_key_has_questions_without_places(archehr: Path) -> None:
    (archehr / "archehr-qa_key.json").unlink()
    assert [q.places for q in read_archehr(archehr).questions] == [(), ()]


def test_letters_and_questions_of_longhealth_are_read(tmp_path: Path) -> None:
    path = tmp_path / "benchmark_v5.json"
    path.write_text(json.dumps(LONGHEALTH))
    data = read_longhealth(path)
    assert [n.note_id for n in data.notes] == ["patient_01/text_0", "patient_01/text_1", "patient_02/text_0"]
    assert data.apart
    first, *_ = data.questions
    assert (first.unit, first.text) == ("patient_01/0", "Which dose of Ramipril did she take?")
    assert [(p.note_id, p.start, p.end) for p in first.places] == [("patient_01/text_1", 0, len(data.notes[1].text))]


def test_the_first_patients_of_mimic_are_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "discharge.csv.gz"
    columns = ("note_id", "subject_id", "hadm_id", "note_type", "note_seq", "charttime", "storetime", "text")
    with gzip.open(path, "wt", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        for patient, sequence in ((10, 1), (10, 2), (11, 1), (12, 1)):
            at = f"2150-0{sequence}-01 00:00:00"
            rows.writerow(
                [f"{patient}-DS-{sequence}", patient, 20, "DS", sequence, at, at, "Brief Hospital Course:\nOK."]
            )
    data = read_mimic_charts(path, patients=2)
    assert [n.note_id for n in data.notes] == ["10-DS-1", "10-DS-2", "11-DS-1"]
    assert data.questions == ()


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"p": {"texts": {}}}', '{"p": {"texts": {"t": 1}, "questions": []}}']
)
def test_another_json_is_not_longhealth(tmp_path: Path, content: str) -> None:
    path = tmp_path / "benchmark_v5.json"
    path.write_text(content)
    with pytest.raises(Unreadable, match="benchmark_v5"):
        read_longhealth(path)


@pytest.mark.parametrize("content", ["", "<annotations/>", "<annotations><case id='1'/></annotations>", "{}"])
def test_another_xml_is_not_archehr(tmp_path: Path, content: str) -> None:
    (tmp_path / "archehr-qa.xml").write_text(content)
    with pytest.raises(Unreadable, match=tmp_path.name):
        read_archehr(tmp_path)


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"archehr-qa\.xml"):
        read_archehr(tmp_path)
    with pytest.raises(Unreadable, match=r"none\.json"):
        read_longhealth(tmp_path / "none.json")
    with pytest.raises(Unreadable, match=r"none\.csv"):
        read_mimic_charts(tmp_path / "none.csv", patients=1)
