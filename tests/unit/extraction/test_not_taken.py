"""Drugs and diseases that a note names and that are not the patient's, or not now."""

import pytest

from core.records import Assertion, FactKind, Note
from extraction import extract_facts
from ingest.segmentation import segment


def asserted(text: str) -> dict[str, Assertion]:
    note = Note("n", "p", None, "Clinic note", None, text)
    cut = segment(note, count_tokens=lambda s: len(s.split()), chunk_tokens=100)
    kinds = (FactKind.DRUG, FactKind.PROBLEM)
    return {f.name: f.assertion for f in extract_facts(note, cut.sentences) if f.kind in kinds}


@pytest.mark.parametrize(
    "text",
    [
        "Her roommate takes lithium 300 mg BID.",
        "Neighbor has TB.",
        "Husband takes warfarin 5 mg daily.",
        "Her roommate tested positive for COVID-19.",
        "Donor was CMV positive with hepatitis C.",
        "Daughter is on sertraline 50 mg daily.",
        "Coworkers had influenza.",
    ],
)
def test_what_others_have_and_take_is_not_the_patients(text: str) -> None:
    assert set(asserted(text).values()) == {Assertion.FAMILY}


@pytest.mark.parametrize(
    "text",
    [
        "Wife reports he takes lisinopril 10 mg daily.",
        "Neighbor had called EMS and found patient with a seizure.",
        "Wife has noticed that he has dementia.",
        "Daughter is on the phone; he takes metformin 500 mg daily.",
        "Lives with roommate; takes lithium 300 mg BID.",
        "Kidney from deceased donor, on tacrolimus 2 mg BID.",
    ],
)
def test_who_only_reports_or_helps_tells_of_the_patient(text: str) -> None:
    assert set(asserted(text).values()) == {Assertion.PRESENT}


@pytest.mark.parametrize(
    "text",
    [
        "Was on methadone in the 1990s.",
        "Had been on lithium until 2010.",
        "PAST MEDICAL HISTORY:\nHad been on lithium until 2010.",
        "She was on prednisone from 2001 to 2005.",
        "Previously treated with rituximab.",
        "On lithium from 1990 until 2010.",
    ],
)
def test_what_was_taken_up_to_a_time_is_past(text: str) -> None:
    assert set(asserted(text).values()) == {Assertion.HISTORICAL}


@pytest.mark.parametrize(
    "text",
    [
        "On warfarin since 2010.",
        "Started on lisinopril 10 mg daily in 2019.",
        "Was on lisinopril 10 mg daily at home.",
        "Was on metoprolol with heart rates in the 60s.",
    ],
)
def test_what_was_begun_or_is_taken_is_not_past_for_a_date_beside_it(text: str) -> None:
    assert set(asserted(text).values()) == {Assertion.PRESENT}


@pytest.mark.parametrize(
    "text",
    [
        "Contraindication to warfarin.",
        "Apixaban is contraindicated.",
        "Discussed apixaban with patient.",
        "Awaiting approval for rituximab.",
        "Rituximab pending insurance approval.",
        "Not a candidate for apixaban.",
        "Atorvastatin was considered.",
        "Took her husband's warfarin.",
    ],
)
def test_what_is_considered_or_not_to_be_had_is_not_taken(text: str) -> None:
    assert set(asserted(text).values()) == {Assertion.HYPOTHETICAL}


def test_a_problem_is_present_although_it_is_discussed() -> None:
    assert asserted("Discussed hypertension with patient.") == {"hypertension": Assertion.PRESENT}
    assert asserted("No contraindication to warfarin.") == {"warfarin": Assertion.PRESENT}
