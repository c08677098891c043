"""Drugs that end and drugs that give way to others, in the many ways in which notes say so."""

import pytest

from core.records import FactKind, Note
from extraction import extract_facts
from ingest.segmentation import segment


def drugs(text: str) -> dict[str, tuple[str, str]]:
    note = Note("n", "p", None, "", None, text)
    cut = segment(note, count_tokens=lambda s: len(s.split()), chunk_tokens=100)
    return {f.name: (f.action.value, f.dose) for f in extract_facts(note, cut.sentences) if f.kind is FactKind.DRUG}


@pytest.mark.parametrize(
    "text",
    [
        "Warfarin has come to an end.",
        "We are doing away with warfarin.",
        "She will not be continued on warfarin.",
        "Warfarin was not resumed at discharge.",
        "Warfarin 5 mg daily comes off the list.",
        "Dropped her warfarin 5 mg daily.",
        "Warfarin 5 mg daily: STOP",
        "Warfarin 5 mg daily --> stop",
        "Warfarin caused bruising and was discontinued.",
        "Warfarin 5 mg daily: discontinued today because of bruising.",
        "Warfarin 5 mg daily was removed from the medication list.",
        "Do not resume warfarin 5 mg daily.",
    ],
)
def test_a_drug_is_stopped_however_that_is_said(text: str) -> None:
    assert drugs(text)["warfarin"][0] == "stopped"


@pytest.mark.parametrize(
    "text",
    [
        "Replaced warfarin 5 mg daily by apixaban 5 mg twice daily.",
        "Warfarin 5 mg daily was replaced with apixaban 5 mg twice daily.",
        "Apixaban 5 mg twice daily in place of warfarin 5 mg daily.",
        "Apixaban 5 mg twice daily instead of warfarin 5 mg daily.",
        "Warfarin 5 mg daily gave way to apixaban 5 mg twice daily.",
        "Moved her off warfarin 5 mg daily and onto apixaban 5 mg twice daily.",
        "Substituted apixaban 5 mg twice daily for warfarin 5 mg daily.",
        "Warfarin 5 mg daily -> apixaban 5 mg twice daily.",
    ],
)
def test_what_gives_way_is_stopped_and_what_comes_is_started(text: str) -> None:
    assert drugs(text) == {"warfarin": ("stopped", "5 mg"), "apixaban": ("started", "5 mg")}


@pytest.mark.parametrize(
    "text",
    [
        "He is a retired teacher and takes lisinopril 10 mg daily.",
        "End stage renal disease on lisinopril 10 mg daily.",
        "BP dropped to 90 and he takes lisinopril 10 mg daily.",
    ],
)
def test_a_verb_that_means_something_else_stops_nothing(text: str) -> None:
    assert drugs(text)["lisinopril"][0] != "stopped"


def test_a_dose_in_front_of_a_name_is_its_own_and_not_that_of_the_name_before() -> None:
    found = drugs(
        "Remains on 50 mg spironolactone by mouth once daily, 40 mg furosemide by mouth once daily and 20 mg nadolol."
    )
    assert {name: dose for name, (_, dose) in found.items()} == {
        "spironolactone": "50 mg", "furosemide": "40 mg", "nadolol": "20 mg",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "Lisinopril 20 mg daily, previously 10 mg daily.",
        "Lisinopril 10 mg daily has become 20 mg daily.",
        "Lisinopril was 10 mg daily and is 20 mg daily from now on.",
        "Lisinopril now 20 mg daily (was 10 mg).",
    ],
)
def test_the_dose_that_a_change_came_to_is_the_one_that_is_taken(text: str) -> None:
    assert drugs(text)["lisinopril"] == ("changed", "20 mg")
