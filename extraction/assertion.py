"""How a sentence asserts what it mentions: denied, possible, past, conditional, or somebody else's.

Implements the idea of NegEx (Chapman et al., J Biomed Inform 2001) and ConText (Harkema et al., J Biomed Inform 2009):
trigger phrases govern the words before or behind them up to a terminating phrase or mark. Triggers, terminators and
scopes are a word list, `lexicons/context.yaml`, and the section that the sentence stands in counts too.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cache, lru_cache

from core.records import Assertion, SectionKind
from extraction.gated import Gated
from extraction.lexicon import load
from extraction.words import Match, Phrases, Words

_CATEGORIES = ("negated", "possible", "historical", "hypothetical", "family", "considered")
_NEAR_WORDS = 5
_AFTER_WORDS = 8
_FAR_WORDS = 60


_OF_PATIENT = Gated(
    r"\W*(?:the\s+)?(?:patient|pt|he|she)(?:\s+himself|\s+herself)?\s+(?:has|had|is|was|denies|denied|does|did|"
    r"never|reports|uses|used|takes)\b",
    re.IGNORECASE,
)
_CONFIRMED = re.compile(r"\s*(?:was |is |has been |now )?(?:confirmed|proven)\b", re.IGNORECASE)
_FAMILY_WORD = Gated(
    r"famil|mother|father|sister|brother|sibling|parent|aunt|uncle|cousin|child|son\b|daughter|maternal|paternal|"
    r"relative",
    re.IGNORECASE,
)


_TAKEN = re.compile(
    r"\b(?:(?:was|were|had been|been|used to be)\s+(?:\w+ly\s+)?(?:on|taking|using|receiving|given|"
    r"(?:treated|maintained|managed|controlled) (?:with|on))|took|used|received|treated with)"
    r"\s+(?:[\w/-]+,?\s+){0,4}\Z",
    re.IGNORECASE,
)
_YEARS = r"(?:19|20)\d\d(?![\w%]|[./-]\d)"
_WITHIN = Gated(
    rf"(?:(?!\b(?:now|still|current\w*|continu\w*|restart\w*|resum\w*|since|but|diagnos\w*|dx|after|following|s/p|"
    rf"increas\w*|decreas\w*|chang\w*)\b)[^.;]){{0,60}}?(?:(?P<years>\bfrom {_YEARS}\s?(?:to|until|till|through|-|–)\s?"
    rf"{_YEARS})|\b(?:until|till|through|in|during|back in)\s+(?:about |around |~)?(?:the )?(?:early |late |mid[- ]?)?"
    rf"(?:{_YEARS}|(?:19|20)\d0'?s\b|'\d0s\b|(?:her|his|their) (?:teens|twenties|thirties|forties|[2-6]0s)\b|"
    r"childhood\b|adolescence\b|college\b)|\b(?:years|decades) ago\b|\bas a (?:child|teenager)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Context:
    """What governs one mention; several may hold at once.

    `considered` and `ended` matter to treatments only: thought of, not allowed or not to be had; and taken up to a time
    that is told.
    """

    negated: bool = False
    possible: bool = False
    historical: bool = False
    hypothetical: bool = False
    family: bool = False
    considered: bool = False
    ended: bool = False

    @property
    def assertion(self) -> Assertion:
        """The one that matters most: whose it is, whether at all, whether really, whether still."""
        for name in ("family", "negated", "hypothetical", "possible", "historical"):
            if getattr(self, name):
                return Assertion(name)
        return Assertion.PRESENT

    @property
    def of_treatment(self) -> Assertion:
        """The one that matters most of a drug or another treatment."""
        if self.considered and not (self.family or self.negated):
            return Assertion.HYPOTHETICAL
        return Assertion.HISTORICAL if self.ended and self.assertion is Assertion.PRESENT else self.assertion


@dataclass(frozen=True, slots=True)
class _Trigger:
    category: str
    before: bool
    near: bool


@dataclass(slots=True)
class _Scopes:
    """Categories with the word ranges that they govern, inclusive."""

    words: Words
    ranges: list[tuple[str, int, int]] = field(default_factory=list)


@cache
def _triggers() -> tuple[Phrases[tuple[_Trigger, ...]], dict[str, frozenset[str]]]:
    data = load("context")
    near = frozenset(data["near"])
    table: dict[str, list[_Trigger]] = {}
    for phrase in [*data["pseudo"], *data["terminate"]]:
        table.setdefault(phrase, [])
    for category in _CATEGORIES:
        for direction in ("before", "after"):
            for phrase in data[category][direction]:
                table.setdefault(phrase, []).append(_Trigger(category, direction == "before", phrase in near))
    for person in data["others"]["persons"]:
        for verb in data["others"]["tells"]:
            table.setdefault(f"{person} {verb}", [_Trigger("family", True, False)])
        table.update({f"{person} {verb}": [] for verb in data["others"]["reports"]})
    for phrase in data["family_negated"]:
        table[phrase] = [_Trigger("negated", True, False), _Trigger("family", True, False)]
    for phrase in data["pseudo"]:
        table[phrase] = []
    for phrase in data["terminate"]:
        table[phrase] = [*table[phrase], _Trigger("terminate:" + phrase, True, False)]
    kept = {category: frozenset(phrases) for category, phrases in data["not_terminate"].items()}
    return Phrases((phrase, tuple(found)) for phrase, found in table.items()), kept


def context_of(text: str, span: tuple[int, int], section: SectionKind | None = None) -> Context:
    """What governs `text[span[0]:span[1]]` within the sentence `text`, headed by a section of that kind."""
    scopes = _scopes(text)
    position = bisect_left(scopes.words.ends, span[0] + 1)
    hits = dict.fromkeys(_CATEGORIES, False)
    for category, first, last in scopes.ranges:
        if first <= position <= last:
            hits[category] = True
    if _marked_unsure(text, span[0]):
        hits["possible"] = True
    if hits["possible"] and _CONFIRMED.match(text, span[1]):
        hits["possible"] = False
    if section is SectionKind.FAMILY_HISTORY and not (_OF_PATIENT.match(text) and not _FAMILY_WORD.search(text)):
        hits["family"] = True
    if section is SectionKind.PAST_HISTORY and not any(hits.values()):
        hits["historical"] = True
    return Context(**hits, ended=_ended(text, *span))


def _ended(text: str, start: int, end: int) -> bool:
    """Whether words tell that it was taken up to a time or within one: `was on lithium until 2010`."""
    within = _WITHIN.match(text, end)
    if within is None:
        return False
    return bool(within["years"] or _TAKEN.search(text, max(0, start - 80), start))


def assertion_of(sentence_text: str, span: tuple[int, int], section_kind: SectionKind | None = None) -> Assertion:
    """How the sentence asserts the mention at `span`, half-open characters of `sentence_text`."""
    return context_of(sentence_text, span, section_kind).assertion


def _marked_unsure(text: str, start: int) -> bool:
    return start > 0 and text[start - 1] == "?" and (start < 2 or text[start - 2] in " \t\n(?,;:-/")


@lru_cache(maxsize=256)
def _scopes(text: str) -> _Scopes:
    words = Words.of(text)
    phrases, kept = _triggers()
    matches = list(phrases.find(words))
    scopes = _Scopes(words)
    if not any(m.value for m in matches):
        return scopes
    breaks = _breaks(words)
    ends = [(m.first, t.category[10:]) for m in matches for t in m.value if t.category.startswith("terminate:")]
    for match in matches:
        for trigger in match.value:
            if trigger.category in _CATEGORIES:
                stops = [at for at, phrase in ends if phrase not in kept.get(trigger.category, ())]
                span = (
                    _forward(words, match, trigger, stops, breaks)
                    if trigger.before
                    else _back(match, stops, words, breaks)
                )
                if span[0] <= span[1]:
                    scopes.ranges.append((trigger.category, *span))
    return scopes


def _breaks(words: Words) -> list[str]:
    """For each gap between word `i` and `i + 1`: "." where a clause ends there, ")" and "," where one may."""
    found = []
    for i in range(len(words.lower) - 1):
        gap = words.text[words.ends[i] : words.starts[i + 1]]
        if len(gap) == 1:
            found.append("." if gap in ";:\t|" else "")
        elif any(c in gap for c in ";:\t|•") or ". " in gap or ".\n" in gap or "? " in gap or "! " in gap:
            found.append(".")
        elif ")" in gap:
            found.append(")")
        else:
            found.append("," if "," in gap else "(" if "(" in gap else "")
    return found


def _forward(
    words: Words, match: Match[tuple[_Trigger, ...]], trigger: _Trigger, stops: list[int], breaks: list[str]
) -> tuple[int, int]:
    """Words governed by a trigger that stands before them."""
    first = match.last + 1
    limit = _NEAR_WORDS if trigger.near else _FAR_WORDS
    last = min(len(words.lower) - 1, match.last + limit)
    stop = bisect_left(stops, first)
    if stop < len(stops):
        last = min(last, stops[stop] - 1)
    depth = 0
    for at in range(match.last, last):
        mark = breaks[at]
        if mark == "(":
            depth += 1
        elif mark == ")":
            depth -= 1
        adjoining = at == match.last
        if depth < 0 or (mark == "." and not (adjoining and _leads_on(words, at))):
            return first, at
        if mark == "," and not adjoining and (trigger.near or trigger.category == "possible"):
            return first, at
    return first, last


def _leads_on(words: Words, at: int) -> bool:
    gap = words.text[words.ends[at] : words.starts[at + 1]]
    return ":" in gap and "." not in gap and ";" not in gap


def _back(match: Match[tuple[_Trigger, ...]], stops: list[int], words: Words, breaks: list[str]) -> tuple[int, int]:
    """Words governed by a trigger that stands behind them."""
    last = match.first - 1
    first = max(0, match.first - _AFTER_WORDS)
    stop = bisect_left(stops, match.first) - 1
    if stop >= 0 and stops[stop] < match.first:
        first = max(first, stops[stop] + 1)
    for at in range(last, first, -1):
        mark = breaks[at - 1]
        if mark in (".", ","):
            return at, last
    if last >= 0 and breaks and last < len(breaks) and breaks[last] == "." and not _leads_on(words, last):
        return 1, 0
    return first, last
