"""Numbers as written and as spoken, and what is observed of one summary."""

import csv
from pathlib import Path

import pytest

from mlops.evaluation.metrics.spoken import digits_in, spoken_digits
from mlops.evaluation.tasks.aci_bench import FILE, read_visits, run


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Lisinopril 20 mg, 1,000 mL at .5 and 0.50", ["20", "1000", "0.5", "0.5"]),
        ("BP 120/80 on 03/04, A1c 7.10%", ["120", "80", "3", "4", "7.1"]),
        ("COVID-19, L4-L5, B12", ["19"]),
        ("none here", []),
    ],
)
def test_numbers_in_digits_are_read_plainly(text: str, numbers: list[str]) -> None:
    assert digits_in(text) == numbers


@pytest.mark.parametrize(
    ("spoken", "meant"),
    [
        ("twenty five milligrams", "25"),
        ("one twenty over eighty", "120"),
        ("one hundred and forty two", "142"),
        ("a hemoglobin a1c of six point seven", "6.7"),
        ("three hundred units", "300"),
        ("twice a day", "2"),
        ("two thousand", "2000"),
        ("type two diabetes", "2"),
    ],
)
def test_spoken_numbers_are_read_generously(spoken: str, meant: str) -> None:
    assert meant in spoken_digits(spoken)


def test_a_number_that_nobody_spoke_is_not_heard() -> None:
    assert spoken_digits("she takes twenty milligrams") & {"25", "40", "200"} == set()


def test_without_the_file_the_task_says_so(tmp_path: Path) -> None:
    result = run(folder=tmp_path, chains={})
    assert FILE in result.skipped
    assert result.observations == ()


def test_visits_are_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / FILE
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["dataset", "encounter_id", "dialogue", "note"])
        rows.writerow(["virtassist", "D2N1", "[doctor] hi,\nhow are you?", "CHIEF COMPLAINT\n\nCough."])
    visits = read_visits(path)
    assert [(v.encounter_id, v.patient_id, v.note) for v in visits] == [
        ("D2N1", "aci-D2N1", "CHIEF COMPLAINT\n\nCough.")
    ]
