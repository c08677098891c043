"""Code status and devices in a sentence."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from core.records import Action, Assertion, SectionKind
from extraction.assertion import context_of
from extraction.gated import Gated
from extraction.lexicon import load, synonyms
from extraction.standing import has_proviso, standing
from extraction.words import Match, Phrases, Words

_PLACED = re.compile(
    r"\b(?:placed|placement|inserted|insertion|implant(?:ed|ation)|put in|s/p|status post|underwent|received|"
    r"replaced|placing|insert)\b",
    re.IGNORECASE,
)
_REMOVED = re.compile(
    r"\b(?:removed|removal|explant(?:ed|ation)|pulled|discontinued|d/c'?d|dc'd|out|taken out|reversed|reversal|"
    r"decannulated|extubated|taken down|takedown)\b",
    re.IGNORECASE,
)
_PLANNED = re.compile(
    r"\b(?:prior to|before|scheduled for|awaiting|candidate for|upcoming|planned|planning|considering|referred for|"
    r"evaluation for|discuss\w*)\s+(?:an?\s+|the\s+|her\s+|his\s+)?(?:[\w-]+\s+){0,2}\Z",
    re.IGNORECASE,
)
_AT_HOME = Gated(
    r"\b(?:home|(?:every|each|at|per) night|nights|nightly|nocturnal\w*|qhs|sleep\w*|osa|ohs|apnea|complian\w*|uses|"
    r"adher\w*|wears)\b",
    re.IGNORECASE,
)
_FOR_A_TIME = Gated(
    r"\b(?:wean\w*|(?:first|one|a|last|initial) (?:night|day)|brief\w*|transient\w*|temporar\w*|initially|trial of|"
    r"requir\w*|for (?:hypercapni\w*|respiratory (?:distress|failure)|increased work)|placed on|put on|started on|"
    r"off of|overnight|in the (?:ed|icu|micu))\b",
    re.IGNORECASE,
)
_MASKS = frozenset({"cpap", "bipap"})
_NARRATED = frozenset(
    {
        SectionKind.HISTORY_OF_PRESENT_ILLNESS,
        SectionKind.HOSPITAL_COURSE,
        SectionKind.CHIEF_COMPLAINT,
        SectionKind.ASSESSMENT,
        SectionKind.VITALS,
    }
)
_CHANGED = re.compile(r"\b(?:no longer|revers\w+|rescind\w*|revok\w+|previously|was|formerly|prior)\b", re.IGNORECASE)
_ASKED = re.compile(
    r"\b(?:discuss\w*|address\w*|clarif\w+|confirm with|to be determined|tbd|unknown|if)\b[^.;]{0,40}\Z", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class StatusFact:
    """A code status or a device; offsets are within the sentence."""

    name: str
    start: int
    end: int
    assertion: Assertion
    action: Action


@cache
def _code() -> Phrases[str]:
    return Phrases(synonyms(load("status")["code_status"]))


@cache
def _devices() -> Phrases[str | None]:
    data = load("status")
    entries: list[tuple[str, str | None]] = [(phrase, None) for phrase in data["not_devices"]]
    entries += synonyms(data["devices"])
    return Phrases(entries)


def code_status_facts(text: str, words: Words, section: SectionKind) -> tuple[StatusFact, ...]:
    """Code status in one sentence: `full code`, `dnr`, `dni`, `dnr/dni`, `comfort measures only`.

    POSSIBLE is one that holds by default, for a time or on a condition. A fact spans all of a sentence that says
    more than the status, as `DNR, okay to intubate` does.
    """
    found = _joined(text, _code().find(words))
    alone = len({m.value for m in found}) < 2 and not any(has_proviso(text, m.start, m.end) for m in found)
    return tuple(_code_fact(text, match, section, alone=alone) for match in found)


def _joined(text: str, matches: Iterable[Match[str]]) -> list[Match[str]]:
    """Make one of two orders in one breath: `do not resuscitate, do not intubate`."""
    joined: list[Match[str]] = []
    for match in matches:
        before = joined[-1] if joined else None
        if (
            before
            and {before.value, match.value} == {"dnr", "dni"}
            and re.fullmatch(r"[\s,;/&+]*(?:and\s+)?", text[before.end : match.start], re.IGNORECASE)
        ):
            joined[-1] = replace(before, value="dnr/dni", end=match.end, last=match.last)
        else:
            joined.append(match)
    return joined


def _code_fact(text: str, match: Match[str], section: SectionKind, *, alone: bool) -> StatusFact:
    context = context_of(text, (match.start, match.end), section)
    assertion = context.assertion
    before = text[max(0, match.start - 60) : match.start]
    if re.search(
        r"\b(?:no longer|not|revers\w+|rescind\w*|revok\w+)\s+(?:a\s+|her\s+|his\s+|the\s+)?\Z", before, re.IGNORECASE
    ):
        assertion = Assertion.NEGATED
    elif re.search(r"\b(?:was|were|previously|formerly|prior|from)\s+(?:a\s+)?\Z", before, re.IGNORECASE) and re.search(
        r"\b(?:now|chang\w+|revers\w+|to)\b", text[match.end : match.end + 60], re.IGNORECASE
    ):
        assertion = Assertion.HISTORICAL
    elif assertion is Assertion.NEGATED or (
        assertion is Assertion.HISTORICAL and section is not SectionKind.PAST_HISTORY
    ):
        assertion = (
            Assertion.PRESENT
            if not re.search(r"\b(?:not|denies|declin\w+|refus\w+)\b", before, re.IGNORECASE)
            else Assertion.NEGATED
        )
    elif (
        assertion is Assertion.PRESENT
        and _ASKED.search(before)
        and not re.search(r"\b(?:wish|want|remain|is|confirmed)\b[^.;]*\Z", before, re.IGNORECASE)
    ):
        assertion = Assertion.HYPOTHETICAL
    if assertion is Assertion.PRESENT:
        assertion = standing(text, match.start, match.end)
    changed = (
        Action.CHANGED
        if re.search(r"\b(?:changed|transitioned|now|made)\s+(?:to\s+|a\s+)?\Z", before, re.IGNORECASE)
        else Action.NONE
    )
    start, end = (match.start, match.end) if alone and assertion is not Assertion.POSSIBLE else _whole(text)
    return StatusFact(match.value, start, end, assertion, changed)


def _whole(text: str) -> tuple[int, int]:
    """All of a sentence but the white space round it."""
    return len(text) - len(text.lstrip()), len(text.rstrip())


def device_facts(text: str, words: Words, section: SectionKind) -> tuple[StatusFact, ...]:
    """Devices and lines in one sentence; placed ones are STARTED, removed ones STOPPED."""
    return tuple(
        _device_fact(text, match, match.value, section)
        for match in _devices().find(words)
        if match.value is not None and not (match.value in _MASKS and _is_treatment(text, section))
    )


def _is_treatment(text: str, section: SectionKind) -> bool:
    """Whether mask ventilation is told as treatment of an acute illness and not as what the patient sleeps with."""
    return (section in _NARRATED or _FOR_A_TIME.search(text) is not None) and not _AT_HOME.search(text)


def _device_fact(text: str, match: Match[str | None], name: str, section: SectionKind) -> StatusFact:
    context = context_of(text, (match.start, match.end), section)
    near_after = text[match.end : match.end + 48].split(";")[0].split(". ")[0]
    near_before = text[max(0, match.start - 40) : match.start].split(";")[-1].rsplit(". ", 1)[-1]
    action = Action.NONE
    if _REMOVED.search(near_after) or re.search(
        r"\b(?:remov\w+|explant\w+|pull\w*|discontinu\w+|d/c)\s+(?:of\s+)?(?:\w+\s+){0,2}\Z", near_before, re.IGNORECASE
    ):
        action = Action.STOPPED
    elif _PLACED.search(near_after) or _PLACED.search(near_before):
        action = Action.STARTED
    assertion = context.assertion
    if assertion is Assertion.HISTORICAL:
        assertion = Assertion.PRESENT
    if assertion is Assertion.PRESENT and _PLANNED.search(near_before):
        assertion = Assertion.HYPOTHETICAL
    return StatusFact(name, match.start, match.end, assertion, action)
