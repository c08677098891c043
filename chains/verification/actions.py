"""What is done with a drug, and what code status there is: as the cited words say."""

from chains.verification.claim import Claim, Refusal
from chains.verification.reading import reading_of
from core.records import Action, SectionKind
from extraction.drugs import drug_facts
from extraction.status import code_status_facts
from extraction.words import Words

_ACTION = Refusal("action", "it said that a drug was started, changed, held or stopped, and the lines say otherwise")
_CODE = Refusal("code_status", "it told another code status than the lines")
_ENDED = frozenset({Action.STOPPED, Action.HELD})
_TAKEN = frozenset({Action.NONE, Action.CONTINUED})
_MAY_BE = {
    Action.NONE: frozenset({Action.NONE, Action.CONTINUED, Action.STARTED, Action.CHANGED}),
    Action.CONTINUED: frozenset({Action.NONE, Action.CONTINUED, Action.CHANGED}),
    Action.STARTED: frozenset({Action.STARTED}),
    Action.CHANGED: frozenset({Action.CHANGED}),
    Action.HELD: frozenset({Action.HELD}),
    Action.STOPPED: frozenset({Action.STOPPED}),
}


def actions_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a drug told as started, changed, held or stopped, or as taken, where the cited words say another thing.

    What is only mentioned may be told as continued, and what was started or changed as taken; nothing else gives way.
    """
    given: dict[str, set[Action]] = {}
    for evidence in claim.cited:
        for name, action in _actions(evidence.context, evidence.kind, evidence.citation.section):
            given.setdefault(name, set()).add(action)
    for name, action in _actions(claim.text, SectionKind.OTHER, ""):
        known = given.get(name)
        if known and not known & _MAY_BE.get(action, frozenset({action})) and not _is_only_given(claim, action, known):
            return _ACTION
    return None


def code_status_is_cited(claim: Claim) -> Refusal | None:
    """Refuses a code status that no cited sentence names."""
    given = {name for e in claim.cited for name in _statuses(e.context, e.kind)}
    if _statuses(claim.text, SectionKind.OTHER) - given:
        return _CODE
    return None


def _is_only_given(claim: Claim, action: Action, known: set[Action]) -> bool:
    """*Prescribed* and *ordered* say no more than that the drug is on the list."""
    text = claim.text.lower()
    if action is Action.CHANGED and any(w in claim.contexts.lower() for w in ("taper", "titrat", "wean", "adjust")):
        return True
    if action is Action.HELD and "hold" in claim.contexts.lower() and known <= _TAKEN:
        return True
    weak = any(word in text for word in ("prescribed", "ordered", "discharged on", "discharged with"))
    return action is Action.STARTED and weak and bool(known & _TAKEN)


def _actions(text: str, kind: SectionKind, heading: str) -> set[tuple[str, Action]]:
    plain = reading_of(text).plain
    return {(f.name, f.action) for f in drug_facts(plain, Words.of(plain), kind, heading)}


def _statuses(text: str, kind: SectionKind) -> set[str]:
    return {f.name for f in code_status_facts(text, Words.of(text), kind)}
