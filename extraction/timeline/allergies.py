"""Allergies over time: none is ever lost by silence."""

from collections.abc import Mapping, Sequence
from functools import cache

from core.records import Action, Assertion, FactKind, SectionKind
from extraction.lexicon import load
from extraction.timeline.records import ResolvedFact, State, TimedFact, distinct

NONE = "none"


def resolve_allergies(groups: Mapping[str, Sequence[TimedFact]]) -> list[ResolvedFact]:
    """All allergies of a patient, and "none" where a note says that there are none.

    A later listing settles an earlier "none"; a later "none" does not settle an earlier listing, both are in conflict.
    """
    nones = list(groups.get(NONE, ()))
    found = [r for name, mentions in groups.items() if name != NONE if (r := _allergy(name, mentions, nones))]
    found = _without_culprits(found)
    if nones:
        found.append(_none(nones, [r for r in found if r.state in ("current", "conflict")]))
    return found


@cache
def _class_of() -> Mapping[str, str]:
    classes: Mapping[str, str] = load("allergens")["members"]
    return {member.strip(): name for name, members in classes.items() for member in members.split(",")}


def _without_culprits(found: Sequence[ResolvedFact]) -> list[ResolvedFact]:
    """Leave out a drug whose reaction the same note enters under its class: `Augmentin: hives. Allergy: penicillin`.

    It stays where a list of allergies names it, where the class is disputed, and where the reactions differ.
    """
    current = {r.name: r for r in found if r.state == "current"}
    return [r for r in found if not _is_entered_as(r, current.get(_class_of().get(r.name, "")))]


def _is_entered_as(drug: ResolvedFact, entry: ResolvedFact | None) -> bool:
    if entry is None or drug.state != "current":
        return False
    entered = {(m.fact.note_id, m.fact.reaction.lower()) for m in entry.mentions}
    known = {reaction for _, reaction in entered if reaction}
    return all(
        m.section is not SectionKind.ALLERGIES
        and any(note == m.fact.note_id for note, _ in entered)
        and (not m.fact.reaction or m.fact.reaction.lower() in known)
        for m in drug.mentions
    )


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
