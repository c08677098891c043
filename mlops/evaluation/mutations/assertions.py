"""Errors of assertion: a `no` lost or put in, a `possible` lost, a plan told as done, another person meant."""

import re
from collections.abc import Iterator, Sequence

from mlops.evaluation.mutations.operators import Operator

_NEGATION_REMOVED = (
    (re.compile(r"\b(denies|denied)(?: any| having(?: any)?)?(?= )"), "reports"),
    (re.compile(r"\b(?:does not|doesn't|do not) have(?: any)?\b"), "has"),
    (re.compile(r"\b(is|are|was|were) (?:not|no)\b(?! longer| more| only)"), r"\1"),
    (re.compile(r"\bhas not (?=\w+ed\b)"), "has "),
    (re.compile(r"\bwithout(?: any)?(?= \w)"), "with"),
    (re.compile(r"\ANo (?=[a-z])(?!longer|further|other|need)"), "There is "),
    (re.compile(r"\b(with|reveals|shows|demonstrates) no\b(?! longer| further| other)"), r"\1"),
)
_NEGATION_ADDED = (
    (re.compile(r"\b(reports|endorses|complains of)(?= (?!no\b|not\b|that\b))"), "denies"),
    (re.compile(r"\b(is|are|was|were)(?= (?!not\b|no\b|to\b|going\b|an?\b))"), r"\1 not"),
    (re.compile(r"\b(has) (?=been\b)(?!not)"), r"\1 not "),
)
_UNCERTAINTY_REMOVED = (
    (
        re.compile(
            r"\b(?:[Pp]ossible|[Pp]robable|[Ss]uspected|[Pp]resumed|[Qq]uestionable) (?=\w)"
            r"(?!next|benefit|side|risk|complication|option|treatment|need)"
        ),
        "",
    ),
    (re.compile(r"\b(?:may|might|could) (?=be\b)(?!not)be\b"), "is"),
    (re.compile(r"\b(?:is|was|are) (?:likely|probably|suspected to be|suspicious for|concerning for)\b"), "is"),
    (re.compile(r"\b(?:most likely|likely|probably) (?=(?:due|secondary|related|from)\b)"), ""),
)
_PLANNED_AS_DONE = (
    (re.compile(r"\b(?:I|[Ww]e)(?: will|'ll| would like to| am going to| are going to) (?:order|get|obtain)\b"),
     "The patient has had"),
    (re.compile(r"\bwill be (?=\w+(?:ed|en)\b)"), "was "),
    (re.compile(r"\ARecommend (?=an? )"), "The patient has had "),
    (re.compile(r"\bis scheduled for\b"), "has undergone"),
)  # fmt: skip
_NEAR_START = 45
_HEDGE = re.compile(
    r"\b(?:possib|probab|suspect|may|might|could|likely|concern|rule out|versus|\?|if|whether|unless|should)", re.I
)
_NEGATIVE = re.compile(r"\b(?:no|not|denie[sd]|without|negative|never|none|nor|neither)\b|n't\b", re.IGNORECASE)


def negation_removed(text: str) -> Iterator[str]:
    """Each single negation turned round; conditional sentences are left alone."""
    if not re.search(r"\b(?:if|whether|unless|until)\b", text, re.IGNORECASE):
        for changed in _replaced(text, _NEGATION_REMOVED):
            yield re.sub(r"\banything\b", "something", re.sub(r"\bany ", "", changed))


def negation_added(text: str) -> Iterator[str]:
    """The main assertion denied, where the sentence denies nothing so far: the first verb, not far from the start."""
    if _NEGATIVE.search(text) or _HEDGE.search(text) or "unable" in text:
        return
    found = [(m.start(), m, new) for pattern, new in _NEGATION_ADDED if (m := pattern.search(text))]
    for start, match, new in sorted(found, key=lambda f: f[0])[:1]:
        if start < _NEAR_START:
            yield text[:start] + match.expand(new) + text[match.end() :]


def uncertainty_removed(text: str) -> Iterator[str]:
    """The hedge taken out of a sentence that has just one."""
    if len(_HEDGE.findall(text)) == 1 and "risk" not in text:
        yield from _replaced(text, _UNCERTAINTY_REMOVED)


def planned_as_done(text: str) -> Iterator[str]:
    """A plan told as done."""
    yield from _replaced(text, _PLANNED_AS_DONE)


def _replaced(text: str, rules: Sequence[tuple[re.Pattern[str], str]]) -> Iterator[str]:
    for pattern, new in rules:
        found = list(pattern.finditer(text))
        if len(found) == 1:
            changed = text[: found[0].start()] + found[0].expand(new) + text[found[0].end() :]
            yield changed[:1].upper() + changed[1:]


ASSERTIONS: tuple[tuple[str, Operator], ...] = (
    ("negation_removed", negation_removed),
    ("negation_added", negation_added),
    ("uncertainty_removed", uncertainty_removed),
    ("planned_as_done", planned_as_done),
)
