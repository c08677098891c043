"""A cause that the cited words do not give must not be made up, nor cause and effect be turned round."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from chains.verification.carried import known_stems, named_stems
from chains.verification.claim import Claim, Refusal
from chains.verification.reading import carried_by, cited_reading, content_stems, reading_of
from chains.verification.support import FRAME
from chains.wording import stem, word_spans
from core.records import SectionKind
from extraction.drugs import find_drugs
from extraction.problems import find_problems

_CAUSE = Refusal("cause", "it gave a cause, and the lines give none")
# What follows the words is the cause ...
_CAUSE_BEHIND = re.compile(
    r"\b(?:because(?: of)?|due to|caused by|result(?:ed|ing|s|ant)? from|as a (?:result|consequence) of|"
    r"attribut(?:ed|able) to|secondary to|owing to|on account of|brought on by|precipitated by|triggered by|"
    r"provoked by|induced by|thanks to|stem(?:ming|med|s) from|explained by|driven by|related to|produced by)\b",
    re.IGNORECASE,
)
# ... and here what goes before.
_CAUSE_AHEAD = re.compile(
    r"\b(?:caus(?:ed|es|ing)|result(?:ed|ing|s) in|le(?:d|ads|ading) to|gave rise to|brought on|precipitated|triggered|"
    r"provoked|induced|therefore|consequently)\b(?! by\b)",
    re.IGNORECASE,
)
_LOOSELY = re.compile(
    r"\b(?:because|due|caus\w+|result\w*|led|leading|attribut\w+|secondary|owing|precipitat\w+|trigger\w*|induced|from|"
    r"given|for|related|therefore|etiolog\w+|reason\w*|complicat\w+|consequen\w+|allerg\w+|reaction|contribut\w+|"
    r"in (?:the )?setting|exacerbat\w+|provok\w+|brings? on|brought on|blam\w+|explain\w*|driv\w+|"
    r"side effects?|intoleran\w+|limited by|stem\w*|so|source|culprit|"
    r"(?<=likely )(?P<likely>\w+)|(?<=suspected )(?P<held>\w+)|responsible)\b|-induced|-related|→|->|\(",
    re.IGNORECASE,
)
_NOT_SO = re.compile(
    r"\b(?:not|no|rather than|cannot|can not|without|unlikely|than|denies|doubt\w*|unclear|unrelated)\b", re.IGNORECASE
)
_ENDS = re.compile(r"[;]|(?<!\d)\.(?:\s|\Z)|\n")
_PART = re.compile(r"[,;.]|\b(?:and|but|which|with|resolved|improved|was|were|is|has|had)\b")
_DENIED = re.compile(r"\s*(?:no|any)\b|.*\b(?:whether|cannot|can not|not)\b", re.IGNORECASE)
_REACH = 45
_WEAK = frozenset({"(", "so", "for"})


@dataclass(frozen=True, slots=True)
class _Link:
    """A cause and its effect, as a text tells them."""

    cause: str
    effect: str


def causes_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a text that says why, where no sentence of the cited words links that to it.

    A link is a word of cause, reason or reaction, not mere sequence: *after* tells when. What the cited words say is
    no cause (*viral rather than drug related*) may not become one, nor a cause its own effect.
    """
    for told in _links(reading_of(claim.text).plain):
        if not (_DENIED.match(told.effect) or _DENIED.match(told.cause)) and not _is_given(told, claim):
            return _CAUSE
    return None


@lru_cache(maxsize=4096)
def _links(plain: str) -> tuple[_Link, ...]:
    return tuple(_find_links(plain))


def _find_links(plain: str) -> Iterator[_Link]:
    for line in _ENDS.split(plain):
        for match in _CAUSE_BEHIND.finditer(line):
            rest = _PART.split(line[match.end() :].lstrip(), maxsplit=1)
            before = line[: match.start()]
            if not content_stems(before) and "," in line[match.end() :]:
                cause, _, effect = line[match.end() :].partition(",")
                yield _Link(cause, effect)
            else:
                yield _Link(rest[0], before)
        for match in _CAUSE_AHEAD.finditer(line):
            yield _Link(line[: match.start()], line[match.end() :])


def _is_given(told: _Link, claim: Claim) -> bool:
    cause = frozenset(content_stems(told.cause)) - FRAME
    effect = frozenset(content_stems(told.effect)) - FRAME
    if 2 * len(cause & known_stems(claim)) < len(cause) and not _is_named(claim, told.cause):
        return False
    if any(e.kind is SectionKind.ALLERGIES for e in claim.cited):
        return True
    causes, effects = carried_by(cause) | named_stems(claim) & cause, carried_by(effect)
    lines = [line for line in _ENDS.split(cited_reading(claim).plain) if _speaks_of(line, causes, told.cause)]
    if not cause:
        lines = _ENDS.split(cited_reading(claim).plain)
    if any(_turned_round(line, cause, effect) for line in lines):
        return False
    return any(_links_in(line, causes, effects, told) for line in lines)


def _speaks_of(line: str, causes: frozenset[str], cause: str) -> bool:
    stems = frozenset(content_stems(line))
    return bool(carried_by(stems) & causes) or _shares_name(line, cause)


def _links_in(line: str, causes: frozenset[str], effects: frozenset[str], told: _Link) -> bool:
    """Whether a word of cause stands in the line between, before or behind what is linked, and is not denied."""
    places = [at for word, at, _ in word_spans(line) if not causes or stem(word) in causes]
    found = [
        m
        for m in _LOOSELY.finditer(line)
        if _is_of_the_cause(m, causes)
        and (not places or any(m.start() - _REACH <= at <= m.end() + _REACH for at in places))
    ]
    if not found:
        return False
    strong = [m for m in found if m.group().lower() not in _WEAK]
    if any(_NOT_SO.search(line[max(0, m.start() - 30) : m.start()]) for m in strong) and not _NOT_SO.search(
        told.effect
    ):
        strong = [m for m in strong if not _NOT_SO.search(line[max(0, m.start() - 30) : m.start()])]
        return bool(strong)
    return True


def _is_of_the_cause(match: re.Match[str], causes: frozenset[str]) -> bool:
    """Whether what follows *likely* is the cause that is told; other words of cause may have it on either side."""
    guessed = match["likely"] or match["held"]
    return guessed is None or not causes or stem(guessed.lower()) in causes


def _turned_round(line: str, cause: frozenset[str], effect: frozenset[str]) -> bool:
    """Whether the line itself tells the cause as the effect and the effect as the cause."""
    for link in _links(line):
        given, follows = frozenset(content_stems(link.cause)), frozenset(content_stems(link.effect))
        if effect & given and cause & follows and not cause & given and not effect & follows:
            return True
    return False


def _is_named(claim: Claim, cause: str) -> bool:
    """Whether a drug, problem or concept of the cause is cited under another name."""
    cited = cited_reading(claim)
    return bool(reading_of(cause).named & cited.named) or _shares_name(cited.plain, cause)


def _shares_name(line: str, cause: str) -> bool:
    return any({m.name for m in find(cause)} & {m.name for m in find(line)} for find in (find_drugs, find_problems))
