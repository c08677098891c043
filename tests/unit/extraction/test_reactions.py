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
