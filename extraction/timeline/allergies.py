"""Allergies over time: none is ever lost by silence."""

from collections.abc import Mapping, Sequence

from core.records import Action, Assertion, FactKind
from extraction.timeline.records import ResolvedFact, State, TimedFact, distinct

NONE = "none"


def resolve_allergies(groups: Mapping[str, Sequence[TimedFact]]) -> list[ResolvedFact]:
    """All allergies of a patient, and "none" where a note says that there are none.

    A later listing settles an earlier "none"; a later "none" does not settle an earlier listing, both are in conflict.
    """
    nones = list(groups.get(NONE, ()))
    found = [r for name, mentions in groups.items() if name != NONE if (r := _allergy(name, mentions, nones))]
    if nones:
        found.append(_none(nones, [r for r in found if r.state in ("current", "conflict")]))
    return found


def _allergy(name: str, mentions: Sequence[TimedFact], nones: Sequence[TimedFact]) -> ResolvedFact | None:
    own = [m for m in mentions if m.fact.assertion is not Assertion.FAMILY]
    listed = [m for m in own if m.fact.assertion is not Assertion.NEGATED]
    denied = [m for m in own if m.fact.assertion is Assertion.NEGATED]
    if not own:
        return None
    if not listed:
        return ResolvedFact(FactKind.ALLERGY, name, "denied", own[-1], None, own[0], distinct(own))
    told = [m for m in listed if m.fact.reaction]
    latest = told[-1] if told else listed[-1]
    against = _contradiction(listed, denied, nones)
    state: State = "current"
    if against is not None:
        corrected = against.fact.action is Action.CORRECTED
        state = "resolved" if corrected else "conflict"
        latest, against = (against, latest) if corrected else (latest, against)
    elif len({m.fact.reaction.lower() for m in told}) > 1:
        against = next(m for m in reversed(told) if m.fact.reaction.lower() != latest.fact.reaction.lower())
    return ResolvedFact(FactKind.ALLERGY, name, state, latest, against, own[0], distinct(own))


def _contradiction(
    listed: Sequence[TimedFact], denied: Sequence[TimedFact], nones: Sequence[TimedFact]
) -> TimedFact | None:
    last = listed[-1]
    corrections = [m for m in denied if m.fact.action is Action.CORRECTED and m.when >= last.when]
    if corrections:
        return corrections[-1]
    later = [m for m in (*denied, *nones) if m.when > last.when]
    return later[-1] if later else None


def _none(nones: Sequence[TimedFact], listed: Sequence[ResolvedFact]) -> ResolvedFact:
    latest = nones[-1]
    state: State = "current"
    other: TimedFact | None = None
    if listed:
        other = listed[-1].latest
        state = "conflict" if any(r.state == "conflict" for r in listed) else "historical"
    return ResolvedFact(FactKind.ALLERGY, NONE, state, latest, other, nones[0], distinct(nones))
