"""Which of two values came first: by arrows, by *previously*, by admission and discharge, by the days of the notes."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations, pairwise

from chains.verification.claim import Claim, Refusal
from chains.verification.quantities import prepared
from chains.verification.reading import spelled_out
from extraction.dosing import NUMBER, canonical_number

_TREND = Refusal("trend", "it turned the course of a value round")
_UNIT = r"\s?(?:[a-zA-Z%°/]{1,9})?"
_CHAIN = re.compile(rf"{NUMBER}{_UNIT}(?:\s*(?:-{{1,2}}>|=>|→|>>)\s*{NUMBER}{_UNIT})+")
_BEFORE = re.compile(
    rf"({NUMBER}){_UNIT}[\s,;(]*(?:now\b)?[\s,]*\(?(?:was|prev(?:iously|ious)?|prior|formerly|(?:up|down) from|from|"
    rf"before that|baseline)\s*:?\s+({NUMBER})",
    re.IGNORECASE,
)
_IN_YEAR = re.compile(rf"({NUMBER}){_UNIT}\s*\(\s*({NUMBER}){_UNIT}\s+(?:in|on)\s+\d", re.IGNORECASE)
_STAGES = re.compile(
    rf"({NUMBER}){_UNIT}\s+(?:on|at) admi\w+[^.;]{{0,30}}?"
    rf"({NUMBER}){_UNIT}\s+(?:on |at )?(?:the )?(?:day of )?discharge",
    re.IGNORECASE,
)
_FROM_TO = re.compile(
    rf"\bfrom\s+(?:\w+\s+)?({NUMBER}){_UNIT}[^.;\d]{{0,30}}?\s(?:to|->)\s+(?:\w+\s+)?({NUMBER})", re.IGNORECASE
)
_TO_FROM = re.compile(rf"\bto\s+({NUMBER}){_UNIT}[^.;\d]{{0,12}}?\sfrom\s+({NUMBER})", re.IGNORECASE)


def courses_keep_their_order(claim: Claim) -> Refusal | None:
    """Refuses a change from one value to another that the cited words, or the days of their notes, have the other way.

    *0.2 -> 0.9 -> 2.4* rose; *4.6 cm (4.4 in 2138)* rose; 7.2 in an older note than 10.1 rose.
    """
    told = _told(claim.text)
    if not told:
        return None
    cited = frozenset(pair for e in claim.cited for pair in _given(e.context)) | frozenset(_by_day(claim))
    return _TREND if any((b, a) in cited and (a, b) not in cited for a, b in told) else None


@lru_cache(maxsize=4096)
def _told(text: str) -> frozenset[tuple[str, str]]:
    plain = " ".join(spelled_out(text).split())
    found = {(m[1], m[2]) for m in _FROM_TO.finditer(plain)} | {(m[2], m[1]) for m in _TO_FROM.finditer(plain)}
    return frozenset((canonical_number(a), canonical_number(b)) for a, b in found)


@lru_cache(maxsize=4096)
def _given(text: str) -> frozenset[tuple[str, str]]:
    """Pairs of an earlier and a later value."""
    plain = " ".join(spelled_out(text).split())
    found = {(a, b) for m in _CHAIN.finditer(plain) for a, b in combinations(re.findall(NUMBER, m.group()), 2)}
    found |= {(m[2], m[1]) for pattern in (_BEFORE, _IN_YEAR) for m in pattern.finditer(plain)}
    found |= {(m[1], m[2]) for m in _STAGES.finditer(plain)} | set(_told(text))
    return frozenset((canonical_number(a), canonical_number(b)) for a, b in found)


def _by_day(claim: Claim) -> Iterator[tuple[str, str]]:
    """Values of an older note before those of a newer, where each stands in one of them alone."""
    dated = sorted((e.citation.charted_at or "", e.context) for e in claim.cited if e.citation.charted_at)
    days: dict[str, set[str]] = {}
    for day, context in dated:
        values = re.findall(NUMBER, prepared(spelled_out(context)))
        days.setdefault(day[:16], set()).update(map(canonical_number, values))
    for older, newer in pairwise(days.values()):
        yield from ((a, b) for a in older - newer for b in newer - older)
