"""A stay is known by an encounter or by notes of admission and discharge, never by the name of one note's type."""

import itertools

import pytest

from core.records import Action, Fact, FactKind, SectionKind
from extraction.timeline import TimedFact, resolve

_numbers = itertools.count()
DRUGS = ("warfarin", "insulin glargine", "methadone", "metformin")


def told(day: str, name: str, note_type: str, *, encounter: str | None = None, listed: bool = True) -> TimedFact:
    action = Action.NONE if listed else Action.STARTED
    fact = Fact(FactKind.DRUG, name, f"{day}-{note_type}", 0, 0, 1, dose="5 mg", frequency="daily", action=action)
    section = SectionKind.MEDICATIONS if listed else SectionKind.PLAN
    return TimedFact(fact, day, note_type, f"{name} 5 mg daily {next(_numbers)}", section, 0, encounter)


def states(*facts: TimedFact) -> dict[str, str]:
    return {r.name: r.state for r in resolve(facts)}


@pytest.mark.parametrize("note_type", ["Progress note", "Consult note", "Emergency visit"])
@pytest.mark.parametrize("encounter", [None, "visit-1"])
def test_a_list_is_not_emptied_by_the_name_of_its_notes_type(note_type: str, encounter: str | None) -> None:
    listed = [told("2024-01-01", name, note_type, encounter=encounter) for name in DRUGS]
    later = told("2024-01-20", "aspirin", "Progress note", encounter=encounter and "visit-2", listed=False)
    assert states(*listed, later) == dict.fromkeys((*DRUGS, "aspirin"), "current")


def test_what_only_notes_of_an_encounter_with_a_discharge_name_ends_with_it() -> None:
    given = told("2024-01-02", "losartan", "Progress note", encounter="stay")
    left = told("2024-01-05", "aspirin", "Discharge summary", encounter="stay")
    later = told("2024-06-01", "aspirin", "Clinic note", encounter="visit")
    assert states(given, left, later) == {"losartan": "historical", "aspirin": "current"}


def test_without_encounters_a_discharge_note_of_the_next_weeks_shows_the_stay() -> None:
    given = told("2024-01-02", "losartan", "Progress note")
    soon, late = (told(day, "aspirin", "Discharge summary") for day in ("2024-01-20", "2024-04-05"))
    assert states(given, soon)["losartan"] == "historical"
    assert states(given, late)["losartan"] == "current"


def test_a_drug_of_another_encounter_is_not_left_behind_by_a_discharge_list() -> None:
    before = told("2024-02-20", "oxybutynin", "Clinic note", encounter="visit")
    leaving = [told("2024-03-05", name, "Discharge summary", encounter="stay") for name in DRUGS]
    assert states(before, *leaving)["oxybutynin"] == "current"
