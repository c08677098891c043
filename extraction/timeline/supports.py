"""Lines, tubes and masks of a stay, which end with it: what no note of a later encounter states is not in place."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from extraction.lexicon import load
from extraction.timeline.records import ResolvedFact, TimedFact, days_before

_VISIT = re.compile(r"outpatient|clinic|office|ambulatory|primary care|follow-?up|\bvisit\b|letter", re.IGNORECASE)
_ARRIVAL = re.compile(r"emergency|\bed\b|history and physical|h&p|admission", re.IGNORECASE)
_ARRIVAL_DAYS = 3
_STAY_DAYS = 14
_TAKEN_HOME = re.compile(
    r"\b(?:discharged?\s+(?:home\s+)?(?:with|on)|home|long-?term|chronic|leg bag|opat|at night|nightly|nights|sleep\w*|"
    r"osa|apnea|remains? in place|exchanged? (?:every|monthly)|until (?:urology|follow|seen))\b",
    re.IGNORECASE,
)


@cache
def _of_a_stay() -> frozenset[str]:
    return frozenset([*load("status")["temporary"], *load("status")["support_of_a_stay"]])


def without_ended(devices: Sequence[ResolvedFact], ordered: Sequence[TimedFact]) -> list[ResolvedFact]:
    """Make historical the temporary devices that a later encounter does not state, unless they were taken home.

    `ordered` are all mentions of the chart, oldest first.
    """
    return [replace(d, state="historical") if _has_ended(d, ordered) else d for d in devices]


def _has_ended(device: ResolvedFact, ordered: Sequence[TimedFact]) -> bool:
    if device.state != "current" or device.name not in _of_a_stay():
        return False
    last = device.mentions[-1]
    if _VISIT.search(last.note_type) or _TAKEN_HOME.search(last.text):
        return False
    return any(_is_another_encounter(last, later) for later in reversed(ordered))


def _is_another_encounter(before: TimedFact, later: TimedFact) -> bool:
    """Whether a mention is of an encounter after that of another: by their ids, or by kind and time of their notes."""
    days = days_before(before, later)
    if before.encounter_id and later.encounter_id:
        return later.encounter_id != before.encounter_id and later.when > before.when
    if _VISIT.search(later.note_type):
        return days >= 1
    return days >= (_ARRIVAL_DAYS if _ARRIVAL.search(later.note_type) else _STAY_DAYS)
