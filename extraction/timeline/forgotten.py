"""Drugs that the chart has ceased to name although it goes on listing the others."""

import re
from collections.abc import Sequence
from dataclasses import replace

from core.records import Action, Assertion, SectionKind
from extraction.timeline.records import ResolvedFact, TimedFact, days_before

_TAKEN = {"current", "changed"}
_LISTED_OF_TEN = 7
_LISTS = 2
_SILENT_DAYS = 120
_LIVE_DAYS = 365
_STAY_DAYS = 45
_FEW = 3
_DISCHARGE = re.compile(r"discharge|\ADS\Z", re.IGNORECASE)


def without_forgotten(
    drugs: Sequence[ResolvedFact], mentions: Sequence[TimedFact], now: TimedFact
) -> list[ResolvedFact]:
    """Make historical what two later lists of the other drugs leave out, the last of them months on.

    A list is a note that names most of the drugs that are still being named; one drug alone counts where it stands
    under a heading of medications. Nothing is forgotten by notes that tell of one problem only, nor by a short silence.
    """
    live = {d.name for d in drugs if d.state in _TAKEN and days_before(_last(d), now) <= _LIVE_DAYS}
    lists = _lists(mentions, live)
    return [replace(d, state="historical") if _is_forgotten(d, live, lists) else d for d in drugs]


def _is_forgotten(drug: ResolvedFact, live: set[str], lists: Sequence[tuple[TimedFact, set[str], set[str]]]) -> bool:
    if drug.state not in _TAKEN:
        return False
    last, others = _last(drug), live - {drug.name}
    if not others:
        return False
    later = [
        at
        for at, named, headed in lists
        if days_before(last, at) > 0
        and 10 * len(named & others) >= _LISTED_OF_TEN * len(others)
        and (len(named & others) > 1 or headed & others)
    ]
    days = {at.day for at in later}
    return len(days) >= _LISTS and max(days_before(last, at) for at in later) >= _SILENT_DAYS


def _lists(mentions: Sequence[TimedFact], live: set[str]) -> list[tuple[TimedFact, set[str], set[str]]]:
    """For each note a mention to date it by, the live drugs it names, and those under a heading of medications."""
    notes: dict[str, tuple[TimedFact, set[str], set[str]]] = {}
    for mention in mentions:
        fact = mention.fact
        if fact.name not in live or fact.assertion is not Assertion.PRESENT or fact.action is Action.STOPPED:
            continue
        _, named, headed = notes.setdefault(fact.note_id, (mention, set(), set()))
        named.add(fact.name)
        if mention.section is SectionKind.MEDICATIONS:
            headed.add(fact.name)
    return list(notes.values())


def without_left_behind(drugs: Sequence[ResolvedFact], mentions: Sequence[TimedFact]) -> list[ResolvedFact]:
    """Make historical what was begun during a stay and is missing from the medication lists of its discharge summary.

    The lists count where they hold three drugs or more. What was taken before the stay is not judged by them, nor is
    what any later note names, nor what the summary says to start or to continue.
    """
    stays = [stay for stay in _discharges(mentions).values() if len(stay[1]) >= _FEW]
    return [replace(d, state="historical") if _is_left_behind(d, stays) else d for d in drugs]


def _is_left_behind(drug: ResolvedFact, stays: Sequence[tuple[TimedFact, set[str], set[str]]]) -> bool:
    if drug.state not in _TAKEN:
        return False
    last = _last(drug)
    return any(
        drug.name not in listed | ordered
        and days_before(last, at) >= 0
        and last.day is not None
        and _begun_in_stay(drug, at)
        for at, listed, ordered in stays
    )


def _begun_in_stay(drug: ResolvedFact, discharge: TimedFact) -> bool:
    first = drug.first
    if first.encounter_id and discharge.encounter_id:
        return first.encounter_id == discharge.encounter_id
    return 0 <= days_before(first, discharge) <= _STAY_DAYS


def _discharges(mentions: Sequence[TimedFact]) -> dict[str, tuple[TimedFact, set[str], set[str]]]:
    """For each discharge summary a mention to date it by, the drugs its lists hold, and those that it starts."""
    notes: dict[str, tuple[TimedFact, set[str], set[str]]] = {}
    for mention in mentions:
        fact = mention.fact
        if not _DISCHARGE.search(mention.note_type):
            continue
        _, listed, ordered = notes.setdefault(fact.note_id, (mention, set(), set()))
        if mention.section is SectionKind.MEDICATIONS:
            listed.add(fact.name)
        elif fact.action is Action.STARTED and fact.assertion is Assertion.PRESENT:
            ordered.add(fact.name)
    return notes


def _last(drug: ResolvedFact) -> TimedFact:
    return max(drug.mentions, key=lambda m: m.when)
