"""Words that exclude each other: increased and decreased, stable and worse, positive and negative, before and after."""

import re
from functools import cache, lru_cache

from chains.verification.claim import Claim, Refusal
from chains.verification.quantities import prepared
from chains.verification.reading import cited_reading, reading_of, spelled_out, table
from extraction.dosing import FREQUENCY, NUMBER, ROUTE
from extraction.words import Phrases, Words

_DIRECTIONS = 2
_TREND = Refusal("trend", "it turned the course of a value or a complaint round")
_OPPOSITE = Refusal("contradiction", "it used a word that the lines contradict")
_FROM_TO = re.compile(
    rf"\bfrom\s+(?:\w+\s+){{0,2}}?({NUMBER})[^.;\d]{{0,24}}?\s(?:to|->|→)\s*(?:\w+\s+){{0,2}}?({NUMBER})|"
    rf"({NUMBER})[^.;\d]{{0,14}}?\s?(?:->|→|-->|=>)\s*({NUMBER})",
    re.IGNORECASE,
)
_NOW_THEN = re.compile(
    rf"({NUMBER})[^.;\d]{{0,20}}?,?\s*\(?(?:previously|prior|before|(?:up|down) from|was|from)\s+(?:\w+\s+)?({NUMBER})",
    re.IGNORECASE,
)
_FOLLOW = re.compile(
    r"follow(?:ed|ing|s)?[\s-]?up|work(?:ed)?[\s-]?up|lower (?:extremit|leg|lobe|quadrant|back|abdom)\w*", re.IGNORECASE
)
_DISCHARGE = re.compile(r"\bd/?c\b", re.IGNORECASE)
_UP_DOWN = re.compile(r"\b(up|down)(?=\s+(?:by\s+)?(?:\d|from|since)|[.;,]|\Z)", re.IGNORECASE)


def nothing_is_turned(claim: Claim) -> Refusal | None:
    """Refuses a word of a row of `contrasts.yaml` where the cited words have another of the row and not this one."""
    cited = _choices(prepared(cited_reading(claim).plain))
    if _DISCHARGE.search(claim.contexts):
        cited |= _choices("discharge")
    for row, choice in _choices(_without_regimen(prepared(spelled_out(claim.text)))):
        others = {c for r, c in cited if r == row}
        if others and choice not in others:
            return _TREND if row < _DIRECTIONS else _OPPOSITE
    return None


def trends_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a change told backwards, or with a direction that its own two values belie."""
    told, cited = _changes(reading_of(claim.text).plain), _changes(cited_reading(claim).plain)
    if any((b, a) in cited and (a, b) not in cited for a, b in told):
        return _TREND
    directions = {c for r, c in _choices(spelled_out(claim.text)) if r == 0 and c < _DIRECTIONS}
    if len(told) == 1 and len(directions) == 1:
        before, after = (float(n.replace(",", "")) for n in next(iter(told)))
        if before != after and (after > before) != (directions == {0}):
            return _TREND
    return None


@lru_cache(maxsize=4096)
def _changes(plain: str) -> frozenset[tuple[str, str]]:
    """Pairs of a former and a later value."""
    found = frozenset((m[1] or m[3], m[2] or m[4]) for m in _FROM_TO.finditer(plain))
    return found or frozenset((m[2], m[1]) for m in _NOW_THEN.finditer(plain))


@cache
def _rows() -> Phrases[tuple[tuple[int, int], ...]]:
    places: dict[str, list[tuple[int, int]]] = {}
    for number, row in enumerate(table("contrasts")):
        for choice, forms in enumerate(row):
            for form in forms.split("/"):
                places.setdefault(form.strip(), []).append((number, choice))
    return Phrases((form, tuple(found)) for form, found in places.items())


@lru_cache(maxsize=8192)
def _choices(plain: str) -> frozenset[tuple[int, int]]:
    """Row and place in the row of every word of a text that stands in one."""
    plain = _UP_DOWN.sub(lambda m: "increased" if m[1].lower() == "up" else "decreased", _FOLLOW.sub(" ", plain))
    words = Words.of(plain)
    return frozenset(place for match in _rows().find(words) for place in match.value)


@lru_cache(maxsize=4096)
def _without_regimen(plain: str) -> str:
    return ROUTE.sub(" ", FREQUENCY.sub(" ", plain))
