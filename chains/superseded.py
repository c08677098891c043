"""Sentences whose content a later note has made untrue, so that no passage repeats it as if it held."""

from collections.abc import Sequence

from core.records import Action, Assertion, FactKind
from extraction.dosing import canonical_dose
from extraction.timeline import ResolvedFact, TimedFact

_ENDED = {"stopped", "resolved", "denied"}
_TELLS_THE_END = {Action.STOPPED, Action.HELD, Action.RESOLVED}


def superseded_sentences(resolved: Sequence[ResolvedFact]) -> frozenset[tuple[str, int]]:
    """(note_id, ordinal) of sentences that state as present a drug since stopped or re-dosed, or what is resolved.

    Sentences that tell of the stop, or of the change to the present dose, stay, and so do those whose note is as new as
    the newest mention.
    """
    return frozenset(
        (mention.fact.note_id, mention.fact.sentence)
        for fact in resolved
        for mention in fact.mentions
        if _is_superseded(fact, mention)
    )


def _is_superseded(resolved: ResolvedFact, mention: TimedFact) -> bool:
    fact, latest = mention.fact, resolved.latest.fact
    if fact.action in _TELLS_THE_END or fact.assertion is not Assertion.PRESENT:
        return False
    if (mention.charted_at or "") >= (resolved.latest.charted_at or ""):
        return False
    if resolved.state in _ENDED:
        return True
    redosed = (
        resolved.kind is FactKind.DRUG
        and fact.dose
        and latest.dose
        and canonical_dose(fact.dose) != canonical_dose(latest.dose)
    )
    return bool(redosed) and fact.action in (Action.NONE, Action.CONTINUED, Action.CHANGED)
