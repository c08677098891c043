"""How firmly a code status is stated: as an order, as a default or a passing exception, or merely asked about."""

import re

from core.records import Assertion
from extraction.gated import Gated

_PERSON = r"(?:wife|husband|spouse|partner|family|relatives?|son|daughter|mother|father|brother|sister|niece|nephew)"
_ASKED = re.compile(
    r"\b(?:(?:ask(?:s|ed|ing)?)\b[^.;]{0,24}?\b(?:whether|if|about|regarding|re)|inquir\w+|enquir\w+|wonder\w*|"
    r"question\w*|whether)\b(?![^.;]*\b(?:stat(?:es|ed)|sa(?:ys|id)|confirm\w*|answer\w*|repl(?:y|ies|ied)|wants?|"
    r"wish\w*|express\w*|elect\w*|chose|chooses|remains?|opted)\b)[^.;]*\Z",
    re.IGNORECASE,
)
_ASKS = re.compile(r"\W*(?:is|are|was|does|do|did|should|would|will|what|whether|which)\b[^.]*\?", re.IGNORECASE)
_OTHERS_WISH = re.compile(
    rf"\b{_PERSON}\s+(?:(?!patient\b|pt\b|he\b|she\b)[\w()]+\s+){{0,3}}?(?:ask\w*|request\w*|want\w*|wish\w*|"
    r"hop(?:es|ed|ing)|would (?:like|prefer)|prefers?|insist\w*|demand\w*|think\w*|believ\w+|feels?|considering)\b"
    r"[^.;]*\Z",
    re.IGNORECASE,
)
_DECIDES = Gated(r"\b(?:hcp|proxy|surrogate|guardian|poa|dpoa|power of attorney|next of kin)\b", re.IGNORECASE)
_DEFAULT_BEFORE = re.compile(
    r"\b(?:presum\w+|assum\w+|default(?:s|ed|ing)?|tentative\w*|provisional\w*|likely|probably|unclear|unsure|uncertain)\b[^.;]{0,24}\Z",
    re.IGNORECASE,
)
_DEFAULT_AFTER = re.compile(
    r"[^.;\n]{0,24}?\b(?:presum\w+|assum\w+|default\w*|tentative\w*|provisional\w*|for now|unconfirmed|"
    r"(?:not|never|yet to be|to be|needs? to be|has not been|have not|unable to|could not|cannot|pending|until)"
    r"(?:\s+(?:yet|be|been|able|further|formal|to|a))*\s+(?:discuss\w*|address\w*|confirm\w*|clarif\w+|verif\w+|"
    r"review\w*|obtain\w*|reach\w*))\b",
    re.IGNORECASE,
)
_PROCEDURE = (
    r"(?:(?:the|her|his|a|an|any|this|each)\s+)?(?:\w+\s+)?(?:procedures?|surger(?:y|ies)|operations?|dialysis|hd|"
    r"cath\w*|endoscopy|egd|colonoscopy|an[a]?esthesia|or|transport|transfer|intubation|line placement|biopsy)\b"
)
_FOR_A_TIME = re.compile(
    rf"[^.;\n]{{0,20}}?(?:\b(?:during|while|throughout)\s+(?!(?:this|that|the|her|his)?\s*(?:\w+\s+)?(?:admission|"
    rf"hospitali[sz]ation|hospital stay|stay|visit|encounter)\b)\w|\b(?:for|in|through)\s+{_PROCEDURE}|"
    r"\b(?:until|till|temporar\w+|peri-?\s?(?:op\w*|procedur\w*)|peri-?operative\w*|intra-?op\w*|"
    r"for (?:the next )?\d+ (?:hours?|hrs?|days?)|suspend\w*|on hold)\b)",
    re.IGNORECASE,
)
_CONDITION_AFTER = re.compile(
    r"[\s,(]*(?:only\s+)?(?:if|in case|in the event|provided|as long as|should)\b", re.IGNORECASE
)
_PROVISO = re.compile(
    r"\b(?:ok|okay|o\.k\.|but|except\w*|unless|only|however|until|if|during|while|would (?:accept|want|allow|consider)|"
    r"may (?:be )?intubat\w*|limited|trial|short|allow\w*|accept\w*|agree\w*|no (?:pressors?|escalation|icu|bipap|"
    r"dialysis|feeding)|pressors?|bipap|nippv?|niv|suspend\w*|rescind\w*|reversible|default\w*|presum\w*|assum\w*|"
    r"tempor\w+|peri-?\w*op\w*)\b",
    re.IGNORECASE,
)


def standing(text: str, start: int, end: int) -> Assertion:
    """HYPOTHETICAL where the status at `start:end` is only asked about, POSSIBLE where it holds by default or a while.

    POSSIBLE is also what depends on a condition and what relatives wish for: such a status is told where the chart
    has no firmer one, and never takes the place of an order.
    """
    before, after = text[:start], text[end:]
    before = re.split(r"[;\n]|\.\s", before)[-1]
    if _ASKED.search(before) or _ASKS.match(before + text[start:]):
        return Assertion.HYPOTHETICAL
    clause = re.split(r"[;\n]|\.\s", after)[0]
    weak = (
        re.match(r"\s*\?", after)
        or before.endswith("?")
        or (_OTHERS_WISH.search(before) and not _DECIDES.search(text))
        or _DEFAULT_BEFORE.search(before)
        or _DEFAULT_BEFORE.match(text[start:end])
        or _DEFAULT_AFTER.match(clause)
        or _FOR_A_TIME.match(clause)
        or _CONDITION_AFTER.match(clause)
    )
    return Assertion.POSSIBLE if weak else Assertion.PRESENT


def has_proviso(text: str, start: int, end: int) -> bool:
    """Whether words beside the status limit it or add to it, so that it must be told with them."""
    return _PROVISO.search(text, end) is not None or _PROVISO.search(text[:start]) is not None
