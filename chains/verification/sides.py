"""Left, right and both sides, each with the part of the body it belongs to."""

import re
from dataclasses import dataclass
from functools import lru_cache

from chains.verification.claim import Claim, Refusal
from chains.verification.items import items_of

_SIDE = re.compile(
    r"\b(?:(?P<both>bilateral(?:ly)?|both(?=\s+(?:of\s+)?(?:the\s+|her\s+|his\s+)?(?:\w+\s)?(?:\w+s|feet|teeth)\b|"
    r"\s+sides)|left and right|"
    r"right and left|either side)|(?P<left>left(?:-?\s?sided)?)|(?P<right>right(?:-?\s?sided)?))\b|"
    r"(?<![\w.])(?<!\d\s)(?P<l>L)(?=[\s-]+[a-z])|(?<![\w.])(?<!\d\s)(?P<r>R)(?=[\s-]+[a-z])",
    re.IGNORECASE,
)
_LEAVING = re.compile(
    r"\s+(?:the\s+(?!side|hand|arm|leg|eye|ear)|against|without|before|for\s|work|home|school|town|AMA|early|unit|"
    r"when|to\s|"
    r"out\b|off\b|untreated|over\b)",
    re.IGNORECASE,
)
_AT_ONCE = re.compile(r"\s+(?:away|now|after|before|upon|here|there)\b", re.IGNORECASE)
_HEAD_REACH = 48
_REFUSED = Refusal("laterality", "it mixed up left, right and both sides")


@dataclass(frozen=True, slots=True)
class _Sided:
    side: str
    head: str


def sides_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a side that no cited sentence has, or that the cited sentences have of another part of the body."""
    told, cited = _sided(claim.text), _cited_sides(claim)
    known = {s.side for s in cited}
    if _exchanged(claim):
        return _REFUSED
    for sided in told:
        if sided.side == "both" and {"left", "right"} <= known:
            continue
        if sided.side not in known:
            return _REFUSED
        heads = {s.head for s in cited if s.side == sided.side}
        elsewhere = {s.head for s in cited if s.side != sided.side}
        if sided.head and sided.head in elsewhere and sided.head not in heads and "" not in heads:
            return _REFUSED
    return None


def _exchanged(claim: Claim) -> bool:
    """Whether the text has one side oftener and the other less often than the cited words: *right and right*."""
    told, cited = (_counted(items_of(text).plain) for text in (claim.text, claim.contexts))
    return any(
        told[one] > cited[one] and told[one] > 1 and told[other] < cited[other]
        for one, other in (("left", "right"), ("right", "left"))
    )


def _counted(plain: str) -> dict[str, int]:
    return {side: len(re.findall(rf"\b{side}\b", plain, re.IGNORECASE)) for side in ("left", "right")}


def _cited_sides(claim: Claim) -> frozenset[_Sided]:
    return _sides_in(claim.contexts)


def _sided(text: str) -> frozenset[_Sided]:
    return _sides_in(text)


@lru_cache(maxsize=8192)
def _sides_in(text: str) -> frozenset[_Sided]:
    plain, sites = items_of(text).plain, items_of(text).of("site")
    found = set()
    for match in _SIDE.finditer(plain):
        side = next(name for name, value in match.groupdict().items() if value)
        if match.group() in ("l", "r") or (side == "left" and _LEAVING.match(plain, match.end())):
            continue
        if side == "right" and _AT_ONCE.match(plain, match.end()):
            continue
        ahead = [s for s in sites if match.end() <= s.start <= match.end() + _HEAD_REACH]
        ahead = [s for s in ahead if not re.search(r"[.;,]|\band\b|\bor\b", plain[match.end() : s.start])]
        behind = [s for s in sites if match.start() - _HEAD_REACH // 2 <= s.end <= match.start()]
        head = ahead[0].name if ahead else (behind[-1].name if behind else "")
        found.add(_Sided({"l": "left", "r": "right"}.get(side, side), head))
    return frozenset(found)
