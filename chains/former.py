"""The regimen a drug had before the present one: oral compared with oral, drips with drips."""

import re
from collections.abc import Mapping

from core.records import Action, Assertion
from extraction.dosing import ROUTE
from extraction.timeline import ResolvedFact, TimedFact
from extraction.timeline.drugs import differs

_AHEAD = re.compile(rf"(?P<route>{ROUTE.pattern})\s+\Z", re.IGNORECASE)
_WAYS: Mapping[str, re.Pattern[str]] = {
    "IV": re.compile(r"i\.?v|intraven", re.IGNORECASE),
    "IM": re.compile(r"i\.?m|intramus", re.IGNORECASE),
    "subcutaneous": re.compile(r"s\.?[cq]\.?\Z|sub", re.IGNORECASE),
    "by mouth": re.compile(r"p\.?o|by mouth|oral", re.IGNORECASE),
    "inhaled": re.compile(r"inh|ih|via neb|neb", re.IGNORECASE),
    "topical": re.compile(r"topical|transdermal", re.IGNORECASE),
}
_NEVER_IMPLIED = frozenset({"IV", "IM"})
_TAKEN = frozenset({Action.NONE, Action.STARTED, Action.CHANGED, Action.CONTINUED})


def former(drug: ResolvedFact) -> TimedFact | None:
    """The newest mention of another dose given the same way; else that of another way, None where there is none."""
    previous, latest = drug.previous, drug.latest
    if previous is None or not previous.fact.dose or is_like(latest, previous):
        return previous if previous is not None and previous.fact.dose else None
    wrong = [m for m in drug.mentions if m.fact.action is Action.CORRECTED]
    older = [
        m
        for m in drug.mentions
        if m.when <= latest.when
        and m is not latest
        and m.fact.dose
        and m.fact.action in _TAKEN
        and m.fact.assertion is Assertion.PRESENT
        and is_like(latest, m)
        and differs(m, latest)
        and all(differs(m, w) for w in wrong)
    ]
    return older[-1] if older else previous


def is_like(one: TimedFact, other: TimedFact) -> bool:
    """Whether two doses are given the same way; an unnamed way is any but into a vein or a muscle."""
    ways = {route_of(one), route_of(other)}
    return len(ways) == 1 or ("" in ways and not ways & _NEVER_IMPLIED)


def route_of(mention: TimedFact) -> str:
    """How the drug is given, in one word for equal ways; "" where the note does not say."""
    found = _AHEAD.search(mention.ahead)
    written = mention.fact.route or (found["route"] if found else "")
    return next((way for way, pattern in _WAYS.items() if pattern.match(written)), written)


def with_route(mention: TimedFact) -> tuple[int, int]:
    """The span of a mention in its note with the route that stands ahead of it, as `intravenous furosemide 40 mg`."""
    fact = mention.fact
    found = None if fact.route else _AHEAD.search(mention.ahead)
    return fact.start - (len(found.group()) if found else 0), fact.end
