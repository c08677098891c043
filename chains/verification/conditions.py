"""An order that hangs on a condition must not lose it: *hold if SBP < 100* is not *hold*."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from chains.verification.claim import Claim, Refusal
from chains.verification.reading import carried_by, content_stems, reading_of
from extraction.dosing import NUMBER

_OMITTED = Refusal("omitted_condition", "it left out the condition on which the lines make that depend")
_CUE = re.compile(
    r"\b(?:if|unless|until|till|provided(?: that)?|as long as|only (?:when|if|after|with)|in case|contingent on|"
    r"depending on|once(?= (?:\w+ ){1,4}(?:is|are|has|have|>|<|above|below|over|under|improve\w*|resolve\w*|stable|"
    r"cleared|available|negative|positive|normalize\w*))|"
    r"pending(?= \w)|(?:w/|with) (?:\w+ ){0,2}only\b|"
    rf"for (?=(?:\w+ ){{1,3}}(?:<|>|≤|≥|less than|greater than|above|below|over|under)=? ?{NUMBER}))",
    re.IGNORECASE,
)
_TOLD_AS_ASKED = re.compile(
    r"\b(?:ask(?:ed|s|ing)?|wonder\w*|know|question\w*|unsure|see|whether|even|as) if\b", re.IGNORECASE
)
_ENDS = re.compile(r";|(?<!\d)\.(?:\s|\Z)|\n|,?\s\b(?:otherwise|else)\b", re.IGNORECASE)
_COMMA = re.compile(r",\s|->|→|\bthen\b")
_AND = re.compile(r"\band\b", re.IGNORECASE)
_ORDER = re.compile(
    r"\b(?:hold|held|give|take|start|stop|restart|resume|transfuse|discharge|home|plan\w*|will|would|may|can|consider|"
    r"return|call|increase|decrease|switch|refer|repeat|continue|avoid|goal|ok|okay|needs?|should|to|proceed|advance|"
    r"unlock|remove|add|schedule\w*|obs|admit|transfer|extubate|pull|wean|tomorrow|tonight|today|next)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Conditional:
    """What depends, and the words of what it depends on."""

    governed: frozenset[str]
    condition: frozenset[str]


def conditions_are_kept(claim: Claim) -> Refusal | None:
    """Refuses what the cited words order, plan or allow on a condition, told without any condition.

    *If*, *unless*, *until*, *once ... is above*, *for SBP < 100* and the like govern the order beside them. A text that
    tells of that order and has neither a condition nor anything of what it was has changed the order. What stands
    unconditionally elsewhere in the cited words may be told so.
    """
    conditionals = _conditionals(claim.contexts)
    if not conditionals:
        return None
    plain = reading_of(claim.text).plain
    for clause in _clauses(plain):
        told = frozenset(content_stems(clause))
        if not told or _HOLDS.search(clause):
            continue
        for order in conditionals:
            known = carried_by(order.governed)
            if not told & known or told & carried_by(order.condition - order.governed):
                continue
            if told <= known | _SMALL or len(order.governed & carried_by(told)) >= _MOST * len(order.governed):
                return _OMITTED
    return None


_HOLDS = re.compile(
    r"\b(?:if|unless|until|till|provided|as long as|only|in case|contingent|depend\w*|once|when|whenever|pending|"
    r"after|before|conditional\w*|otherwise|parameters?|precautions?|as needed|prn|below|above|under|less than|"
    r"greater than|more than)\b|[<>≤≥]",
    re.IGNORECASE,
)
_MOST = 0.6
_SMALL = frozenset(
    content_stems(
        "plan planned plans scheduled patient will would going go goes told advised considered recommended intends"
        " currently now today remains continues done had given both also was is to be able allowed instructed"
    )
)


def _clauses(plain: str) -> Iterator[str]:
    yield from (c for c in re.split(r";|(?<!\d)\.\s|\b(?:but|while|whereas)\b", plain) if c.strip())


@lru_cache(maxsize=4096)
def _conditionals(text: str) -> tuple[_Conditional, ...]:
    found = []
    for line in reading_of(text).plain.split("\n") if "\n" in text else [reading_of(text).plain]:
        for part in _ENDS.split(line):
            cue = next((m for m in _CUE.finditer(part) if not _TOLD_AS_ASKED.search(part[: m.end()])), None)
            if cue is None or not _ORDER.search(part):
                continue
            governed, condition = _halves(part, cue)
            if content_stems(governed):
                found.append(_Conditional(frozenset(content_stems(governed)), frozenset(content_stems(condition))))
    return tuple(found)


def _halves(part: str, cue: re.Match[str]) -> tuple[str, str]:
    """What depends and on what: behind the cue up to a comma where it comes first, else all before it."""
    before = part[: cue.start()]
    if content_stems(before):
        ends = [m.end() for m in _COMMA.finditer(before)]
        ends += [m.end() for m in _AND.finditer(before) if _ORDER.search(before, m.end())]
        last = max(ends, default=0)
        return before[last:] if content_stems(before[last:]) else before, part[cue.end() :]
    comma = _COMMA.search(part, cue.end())
    if comma is None:
        return "", part[cue.end() :]
    return part[comma.end() :], part[cue.end() : comma.start()]
