"""Every date must stand in the cited words or be the day on which the note was charted."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from chains.evidence import Evidence
from chains.verification.claim import Claim, Refusal
from extraction.dates import DateMention, find_dates

_DATE = Refusal("date", "a date is neither in the lines nor their own")
_AMBIGUOUS = Refusal("ambiguous_date", "a date can be read in two ways; keep it as the lines have it")
_NEAR_DAYS = (("yesterday", -1), ("tomorrow", 1))
_YEAR = re.compile(r"(?<![\w./-])(?:19|20|21|22)\d\d(?![\w/-]|\.\d)")
_AGO = re.compile(r"(\d+(?:-\d+)?|\w+)\s+(day|week|month|year)s?\s+(?P<when>ago|prior|earlier|before)\b", re.IGNORECASE)
_AHEAD = re.compile(
    r"\b(?:in|within|after)\s+(?:the next\s+)?(\d+(?:-\d+)?|\w+)\s+(day|week|month|year)s?\b"
    r"(?!\s+(?:ago|prior|earlier))",
    re.IGNORECASE,
)
_FROM_NOW = re.compile(r"(\d+(?:-\d+)?|\w+)\s+(day|week|month|year)s?\s+(?:from now|hence)\b", re.IGNORECASE)


def dates_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a date that is neither in the cited sentences nor, at its own precision, their notes' `charted_at`.

    A cited date may lose precision, not gain it, and a year that it leaves open is its note's. `03/04` is read by its
    note's own custom (`Claim.date_orders`); where that cannot be known the text may only repeat it as it stands.
    """
    known = frozenset(_known(claim))
    doubtful = {claim_date for e in claim.cited for d in _ambiguous(e, claim) for claim_date in _readings(d)}
    spelled = {_spelling(e.context, d) for e in claim.cited for d in find_dates(e.context)}
    for told in find_dates(claim.text):
        if _spelling(claim.text, told) in spelled:
            continue
        readings = _readings(told) if told.ambiguous and not claim.date_orders else (_by_custom(told, claim),)
        if len(readings) == 1 and any(_covers(value, readings[0]) for value in known):
            continue
        return _AMBIGUOUS if told.ambiguous or told.value in doubtful else _DATE
    return None


def tense_of_spans_is_cited(claim: Claim) -> Refusal | None:
    """Refuses *two weeks ago* for *in two weeks* and the other way round."""
    told_ago, told_ahead = _spans(claim.text)
    if not (told_ago or told_ahead):
        return None
    ago, ahead = _spans(claim.contexts)
    if told_ago & ahead - ago or told_ahead & ago - ahead:
        return _DATE
    return None


@lru_cache(maxsize=4096)
def _spans(text: str) -> tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]]]:
    """Spans of time that a text tells as gone by, and as to come."""
    ago = frozenset(map(_span, _AGO.finditer(text)))
    return ago, frozenset(_span(m) for pattern in (_AHEAD, _FROM_NOW) for m in pattern.finditer(text))


def _span(match: re.Match[str]) -> tuple[str, str]:
    words = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "a": "1", "an": "1"}
    count = match[1].lower()
    return words.get(count, count), match[2].lower()


def _known(claim: Claim) -> Iterator[str]:
    for evidence in claim.cited:
        charted = (evidence.citation.charted_at or "")[:10]
        if charted:
            yield charted
        for found in find_dates(evidence.context):
            if found.ambiguous and not _is_settled(found, evidence, claim):
                continue
            value = _settled(found, evidence, claim)
            yield value
            if value.startswith("--") and charted:
                yield from _with_year(value, charted)
        yield from _near(evidence.context, charted)
        yield from (m.group() for m in _YEAR.finditer(evidence.context))


def _near(context: str, charted: str) -> Iterator[str]:
    for word, days in _NEAR_DAYS:
        if len(charted) == 10 and word in context.lower():
            yield (date.fromisoformat(charted) + timedelta(days=days)).isoformat()


def _with_year(value: str, charted: str) -> Iterator[str]:
    """A date without a year is of the note's year, or of the one before where it would lie in its future."""
    year, day = int(charted[:4]), value[2:]
    yield f"{year if day <= charted[5:] else year - 1}-{day}"
    yield f"{year}-{day}"


def _covers(known: str, told: str) -> bool:
    """Whether a known date says at least what is told."""
    if told.startswith("--"):
        return known[-len(told) + 2 :] == told[2:] if len(known) >= len(told) - 1 else False
    return known.startswith(told)


def _ambiguous(evidence: Evidence, claim: Claim) -> Iterator[DateMention]:
    yield from (d for d in find_dates(evidence.context) if d.ambiguous and not _is_settled(d, evidence, claim))


def _is_settled(found: DateMention, evidence: Evidence, claim: Claim) -> bool:
    charted = (evidence.citation.charted_at or "")[:10]
    return evidence.citation.note_id in claim.date_orders or charted in _readings(found)


def _settled(found: DateMention, evidence: Evidence, claim: Claim) -> str:
    if not found.ambiguous:
        return found.value
    order = claim.date_orders.get(evidence.citation.note_id)
    month_first, day_first = _readings(found)
    if order:
        return day_first if order == "day_first" else month_first
    charted = (evidence.citation.charted_at or "")[:10]
    return day_first if day_first == charted else month_first


def _by_custom(told: DateMention, claim: Claim) -> str:
    """A numeric date of the text as the cited notes write them, where they agree."""
    orders = set(claim.date_orders.values())
    if told.ambiguous and orders == {"day_first"}:
        return _readings(told)[1]
    return told.value


def _readings(found: DateMention) -> tuple[str, ...]:
    """Month first, then day first; one reading where there is but one."""
    if not found.ambiguous:
        return (found.value,)
    year, month, day = found.value.rsplit("-", 2)
    return found.value, f"{year}-{day}-{month}"


def _spelling(text: str, found: DateMention) -> str:
    return text[found.start : found.end].lower()
