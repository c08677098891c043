"""Allergies that a sentence tells without an allergy list, and last values told beside earlier ones."""

import pytest

from core.records import FactKind, Note
from extraction import extract_facts
from ingest.segmentation import segment


def told(text: str, kind: FactKind) -> list[tuple[str, str]]:
    note = Note("n", "p", None, "", None, text)
    cut = segment(note, count_tokens=lambda s: len(s.split()), chunk_tokens=100)
    found = [f for f in extract_facts(note, cut.sentences) if f.kind is kind]
    return [(f.name, f.value if kind is FactKind.RESULT else f.assertion.value) for f in found]


@pytest.mark.parametrize(
    "text",
    [
        "Bactrim gave her hives.",
        "Bactrim brought on a rash, so it is now on her allergy list.",
        "Rash from Bactrim, allergy recorded.",
        "Hives within two days of starting Bactrim.",
        "Adverse drug reaction: hives with Bactrim.",
        "Bactrim was entered on her allergy list today.",
        "We put Bactrim on her allergy list.",
        "Allergy list updated with Bactrim (hives).",
        "No allergies except Bactrim.",
        "NKDA except Bactrim (rash).",
        "Bactrim\thives",
    ],
)
def test_a_drug_blamed_for_a_reaction_is_an_allergy(text: str) -> None:
    assert told(text, FactKind.ALLERGY) == [("sulfamethoxazole-trimethoprim", "present")]


@pytest.mark.parametrize(
    "text", ["Rash treated with hydrocortisone.", "Itching, on hydroxyzine.", "Nausea with metformin."]
)
def test_a_drug_for_a_complaint_is_no_allergy(text: str) -> None:
    assert told(text, FactKind.ALLERGY) == []


@pytest.mark.parametrize(
    "text",
    [
        "Sodium 141 on arrival, 137 on the day of discharge.",
        "Sodium 141 previously, 137 at present.",
        "Sodium: 141 first, 137 mEq/L last.",
        "Sodium, previously 141, now 137.",
        "Sodium 141 down to 137.",
        "Sodium (135-145): 137",
        "Na+ 137",
        "Sodium (3/4): 137",
    ],
)
def test_of_two_values_the_later_one_is_the_result(text: str) -> None:
    assert told(text, FactKind.RESULT) == [("sodium", "137")]


def test_a_value_told_as_the_last_check_is_the_earlier_one() -> None:
    assert told("Sodium holding at 127 mEq/L, 126 at last check.", FactKind.RESULT) == [("sodium", "127")]


def test_a_germ_that_is_sensitive_to_a_drug_is_no_allergy() -> None:
    assert told("Urine grew E coli sensitive to ceftriaxone.", FactKind.ALLERGY) == []


def test_under_allergies_a_substance_counts_unless_the_sentence_is_of_drugs_taken() -> None:
    text = "ALLERGIES:\nPenicillin - she does not remember what happened as a young child"
    assert told(text, FactKind.ALLERGY) == [("penicillin", "present")]
    other = "ALLERGIES:\nThe list and the pharmacy fill differ for lisinopril, she takes half a tablet now."
    assert told(other, FactKind.ALLERGY) == []


@pytest.mark.parametrize("text", ["He thought he was having a heart attack.", "Status post cataract surgery."])
def test_what_was_feared_or_operated_on_is_no_present_problem(text: str) -> None:
    assert all(assertion != "present" for _, assertion in told(text, FactKind.PROBLEM))


def test_names_with_a_value_of_another_measure_are_kept_apart() -> None:
    assert ("hdl", "178") not in told("HDL 44 mg/dL, LDL 153 mg/dL, non-HDL 178 mg/dL.", FactKind.RESULT)
    assert told("Disc degeneration at C5-6 and C4-5.", FactKind.RESULT) == []
