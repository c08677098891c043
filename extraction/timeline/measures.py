"""Results and code status over time: the newest counts."""

import re
from collections.abc import Sequence

from core.records import Action, Assertion, FactKind
from extraction.timeline.records import ResolvedFact, State, TimedFact, distinct, without_copies

_AT_FIRST = re.compile(
    r"\b(?:on|at|upon) (?:arrival|admission|presentation)\b|\binitial(?:ly)?\b|\bpeak(?:ed|s)?\b|\bpresenting\b",
    re.IGNORECASE,
)


def resolve_result(name: str, mentions: Sequence[TimedFact]) -> ResolvedFact | None:
    """The newest value, with the one before it that differs; stated baselines and goals do not count."""
    own = [m for m in mentions if m.fact.assertion is Assertion.PRESENT]
    if not own:
        return None
    told = without_copies(own)
    latest = _last_told(told)
    earlier = [m for m in told if m.when < latest.when or m.fact.note_id == latest.fact.note_id]
    previous = next((m for m in reversed(earlier) if m.fact.value != latest.fact.value), None)
    state: State = "changed" if previous else "current"
    return ResolvedFact(FactKind.RESULT, name, state, latest, previous, own[0], distinct(own))


def _last_told(told: Sequence[TimedFact]) -> TimedFact:
    """The last mention, but of one note's mentions rather one that does not tell how it was at first."""
    same_note = [m for m in told if m.fact.note_id == told[-1].fact.note_id]
    return next((m for m in reversed(same_note) if not _AT_FIRST.search(m.text)), told[-1])


def resolve_code_status(mentions: Sequence[TimedFact]) -> ResolvedFact | None:
    """One code status of the whole chart: the newest that is asserted; two in one note without a change conflict."""
    own = [m for m in mentions if m.fact.assertion in (Assertion.PRESENT, Assertion.POSSIBLE)]
    if not own:
        return None
    told = without_copies(own)
    latest = told[-1]
    previous = next((m for m in reversed(told) if m.fact.name != latest.fact.name), None)
    state: State = "current"
    if previous is not None:
        together = previous.fact.note_id == latest.fact.note_id or (previous.when == latest.when and latest.when != "")
        settled = Action.CHANGED in (latest.fact.action, previous.fact.action)
        state = "conflict" if together and not settled else "changed"
        if together and previous.fact.action is Action.CHANGED:
            latest, previous = previous, latest
    return ResolvedFact(FactKind.CODE_STATUS, latest.fact.name, state, latest, previous, own[0], distinct(own))
