"""What is done with a drug, and what code status there is: as the cited words say."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from chains.verification.claim import Claim, Refusal
from chains.verification.exchange import contexts_of
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
# Beginnings of verbs by what is done, and what else a deed may be told as.
_DEEDS: Mapping[str, tuple[str, ...]] = {
    "start": ("start", "initi", "begin", "began", "begun", "add", "commenc", "resum", "restart", "reiniti", "reload"),
    "stop": ("stop", "discontinu", "ceas", "quit", "withdr", "finish", "complet", "remov", "longer"),
    "hold": ("hold", "held", "withh", "withheld", "paus", "suspend", "interrupt"),
    "increase": ("increas", "rais", "uptitr", "doubl", "escal"),
    "decrease": ("decreas", "reduc", "lower", "taper", "wean", "cut", "halv"),
    "change": ("chang", "switch", "transit", "convert", "replac", "adjust", "titrat"),
}
_ALSO: Mapping[str, frozenset[str]] = {
    "change": frozenset({"start", "stop", "increase", "decrease"}),
    "increase": frozenset({"change"}),
    "decrease": frozenset({"change"}),
}
_OFF = re.compile(r"\b(on|off)(?: of)?(?: (?:her|his|the|all|home|an?|oral|iv))?\s+([a-z][\w-]+)", re.IGNORECASE)
_WEANED_OFF = re.compile(
    r"\b(?:wean|titrat|taper|came|come|taken|turned|now|been|is|was)\w*(?: \w+)? off\b", re.IGNORECASE
)
_ENDS_OFF = re.compile(r"\boff\b", re.IGNORECASE)


def actions_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a drug told as started, changed, held or stopped, or as taken, where the cited words say another thing.

    What is only mentioned may be told as continued, and what was started or changed as taken; nothing else gives way.
    Where the same verb stands by the drug on both sides, how the two sentences are built does not matter.
    """
    given: dict[str, set[Action]] = {}
    for evidence in claim.cited:
        for name, action in _actions(evidence.context, evidence.kind, evidence.citation.section):
            given.setdefault(name, set()).add(action)
    told_deeds, cited_deeds = _deeds(claim.text), _deeds(claim.contexts)
    cited_by = _deeds(claim.contexts, within="part")
    for name, action in _actions(claim.text, SectionKind.OTHER, ""):
        known, done = given.get(name), told_deeds.get(name, frozenset())
        if not known or (done and done <= _as_told(cited_deeds.get(name, frozenset()))):
            continue
        if action not in _TAKEN and not done:
            continue
        if action in _TAKEN and not cited_by.get(name, frozenset({"stop"})) and not _is_listed_as_ended(claim):
            continue
        if not known & _MAY_BE.get(action, frozenset({action})) and not _is_only_given(claim, action, known):
            return _ACTION
    return None


def deeds_are_not_changed(claim: Claim) -> Refusal | None:
    """Refuses a verb of starting, stopping, holding or changing by a drug that has other such verbs in the cited words.

    *Off* something is not *on* it, and what was weaned was not weaned off.
    """
    told, cited = _deeds(claim.text, within="part"), _deeds(claim.contexts)
    for name, deeds in told.items():
        given = cited.get(name)
        if given and not deeds <= _as_told(given):
            return _ACTION
    if _WEANED_OFF.search(claim.text) and not _ends(claim.contexts):
        return _ACTION
    on_off, known = _on_off(claim.text), _on_off(claim.contexts)
    for word, sides in on_off.items():
        if word in known and not sides & known[word]:
            return _ACTION
    return None


def code_status_is_cited(claim: Claim) -> Refusal | None:
    """Refuses a code status that no cited sentence names."""
    given = {name for e in claim.cited for name in _statuses(e.context, e.kind)}
    if _statuses(claim.text, SectionKind.OTHER) - given:
        return _CODE
    return None


def _ends(cited: str) -> bool:
    return bool(_ENDS_OFF.search(cited)) or bool(
        re.search(r"\b(?:stop|discontinu|d/c|remov|ceas|complet)\w*", cited, re.IGNORECASE)
    )


def _as_told(deeds: frozenset[str]) -> frozenset[str]:
    return deeds.union(*(_ALSO.get(d, frozenset()) for d in deeds))


@lru_cache(maxsize=4096)
def _deeds(text: str, within: Literal["part", "wide"] = "wide") -> dict[str, frozenset[str]]:
    """For each drug what is done in the words round it."""
    return {
        name: frozenset(
            d for d, starts in _DEEDS.items() if any(w.startswith(starts) for w in getattr(context, within))
        )
        for name, context in contexts_of(text).get("drug", {}).items()
    }


def _is_listed_as_ended(claim: Claim) -> bool:
    return any(re.search(r"stop|discontinu|held|hold", e.citation.section, re.IGNORECASE) for e in claim.cited)


def _on_off(text: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for match in _OFF.finditer(text):
        found.setdefault(match[2].lower(), set()).add(match[1].lower())
    return found


def _is_only_given(claim: Claim, action: Action, known: set[Action]) -> bool:
    """*Prescribed* and *ordered* say no more than that the drug is on the list."""
    text = claim.text.lower()
    if action is Action.CHANGED and any(w in claim.contexts.lower() for w in ("taper", "titrat", "wean", "adjust")):
        return True
    if action is Action.HELD and "hold" in claim.contexts.lower() and known <= _TAKEN:
        return True
    weak = any(word in text for word in ("prescribed", "ordered", "discharged on", "discharged with"))
    return action is Action.STARTED and weak and bool(known & _TAKEN)


@lru_cache(maxsize=4096)
def _actions(text: str, kind: SectionKind, heading: str) -> frozenset[tuple[str, Action]]:
    plain = reading_of(text).plain
    return frozenset((f.name, f.action) for f in drug_facts(plain, Words.of(plain), kind, heading))


@lru_cache(maxsize=4096)
def _statuses(text: str, kind: SectionKind) -> frozenset[str]:
    return frozenset(f.name for f in code_status_facts(text, Words.of(text), kind))
