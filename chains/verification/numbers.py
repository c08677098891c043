"""Every number, with its unit and what bounds it, must stand in the cited words."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from chains.verification.claim import Claim, Refusal
from chains.verification.quantities import is_same_amount, numbers_in, prepared
from chains.verification.reading import cited_reading, reading_of
from extraction.dates import find_dates
from extraction.dosing import FREQUENCY, NUMBER

_NUMBER = Refusal("number", "a number or its unit is not in the lines")
_BOUND = Refusal("comparator", "it made a bound of a value, or a value of a bound")
_UNDERSTOOD = frozenset(
    {"%", "mmhg", "bpm", "year", "time", "times", "°f", "°c", "f", "c", "degree", "degree f", "degree c", "degrees f",
     "degrees c",     "degrees fahrenheit", "degrees celsius", "fahrenheit"}
)  # fmt: skip
_A_WEEK = re.compile(r"\b(?:an?|one|single)\s+(year|month|week|day|hour|minute)\b", re.IGNORECASE)
_ORDINAL = re.compile(
    r"\b(?P<what>stage|grade|type|class|degree|nyha|asa|phase|factor|category|level|gravida|para|tier|"
    r"chronic kidney disease|hepatitis)"
    r"(?:\s+(?:class|stage|grade|mellitus))?[\s-]*(?P<which>\d{1,2}[a-c]?|[ivx]{1,4}[a-c]?|one|two|three|four|[a-e])"
    r"(?![\w/%]|\.\d|\s?(?:mg|years?|days?|weeks?|months?)\b)",
    re.IGNORECASE,
)
_SAME_SCALE = {"chronic kidney disease": "stage", "nyha": "class"}
_ORDER = {"third": "3", "fourth": "4", "fifth": "5", "sixth": "6", "seventh": "7", "eighth": "8", "ninth": "9"}
_NTH = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)\b|\b({'|'.join(_ORDER)})\b", re.IGNORECASE)
_GRADE = Refusal("grade", "it told another stage, grade, type, class or number in a row")
_COUNTED = frozenset({"patche", "tablet", "capsule", "puff", "drop", "spray"})
_LONG = 3
_OF_DOSES = frozenset({"mg", "mcg", "g", "ml", "unit", "units", "meq"})
_CODE = re.compile(r"\b[A-Z]{1,4}(\d{1,2})\b|\b(\d{1,2})[A-Z]{2,4}\b")
_TIMES = re.compile(r"\bx\s?(\d{1,2})(?!\d|\.\d)", re.IGNORECASE)
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "one": "1", "two": "2", "three": "3", "four": "4"}
_LESS = (
    r"<|≤|less than|under|below|fewer than|at most|no more than|not more than|maximum of|up to|NTE|"
    r"not (?:to )?exceed(?:ing)?"
)
_MORE = r">|≥|more than|greater than|over|above|at least|no less than|exceed(?:s|ing)|minimum of|in excess of"
_AHEAD = re.compile(rf"(?:(?P<less>{_LESS})|(?P<more>{_MORE}))\s*=?\s*(?:a |an |the last |the past )?\Z", re.IGNORECASE)
_BEHIND = re.compile(
    r"\s*(?:(?P<less>or (?:less|fewer|below))|(?P<more>\+(?!\d)|or (?:more|greater|above|higher)|and (?:above|up)))",
    re.IGNORECASE,
)
_ARROW = re.compile(rf"{NUMBER}\s*-*\s*\Z")
_SPANS = frozenset({"minute", "hour", "day", "week", "month", "year"})
_REACHED = re.compile(r"\b(?:\w+ed|went|goes|up|down) up to\s*\Z", re.IGNORECASE)
_FOUR_DIGITS = re.compile(r"(?<![\d:.,/-])([01]\d|2[0-3])([0-5]\d)(?![\d:.,/-]|\s?(?:mg|ml|cc|g|units|kcal)\b)")
_CLOCK = re.compile(r"(?<![\d:])([01]?\d|2[0-3]):([0-5]\d)(?::\d\d)?\s*(am|pm|a\.m\.|p\.m\.)?(?!\d|:\d)", re.IGNORECASE)


def numbers_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a number that the cited sentences do not hold with the same unit.

    Equal spellings and amounts count as one (`40mg` and `40 mg`, `three` and `3`, `1 g` and `1000 mg`, `a week` and
    `7 days`); nothing is rounded. A unit may be lost or added only where it goes without saying (`120/80 mmHg`,
    `1.2 mg/dL`) or stands at another number beside it, as in *from 0.12 to 0.04 mcg/kg/min*. A single value of a cited
    range or pair does not stand for the range.
    """
    cited = cited_reading(claim).plain
    given = _keys(cited) | {(d.value[:4], "") for d in find_dates(cited) if d.value[0] != "-"}
    given |= {(m[1] or m[2], "") for m in _CODE.finditer(cited)}
    told = _keys(_without_checked(reading_of(claim.text).plain))
    beside = frozenset(unit for _, unit in told)
    words = cited.lower()
    if any(not _is_given(key, given, beside) and not _is_split(key, given, words) for key in told):
        return _NUMBER
    # One value in the place of another: *1781, from 1781 before* for *1785, from 1781 before*.
    if _counts(reading_of(claim.text).plain) - _counts(cited):
        return _NUMBER
    if _clocks(claim.text) - _clocks(claim.contexts) - _bare_clocks(claim.contexts):
        return Refusal("date", "it told a time of day that is not in the lines")
    return None


def grades_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a stage, grade, type or class that no cited sentence has, in digits, Roman figures or words."""
    told, cited = _grades(reading_of(claim.text).plain), _grades(cited_reading(claim).plain)
    known, figures = {what for what, _ in cited}, {which for _, which in cited}
    if any((what, which) not in cited if what in known else which not in figures for what, which in told):
        return _GRADE
    if _ordinals(reading_of(claim.text).plain) - _ordinals(cited_reading(claim).plain):
        return _GRADE
    return None


def bounds_are_cited(claim: Claim) -> Refusal | None:
    """Refuses *more than 5* for *5*, *5* for *< 5* and the like."""
    cited = _bounds(cited_reading(claim).plain)
    for value, bound in _bounds(reading_of(claim.text).plain):
        known = {b for v, b in cited if v == value}
        if known and bound not in known:
            return _BOUND
    return None


@lru_cache(maxsize=8192)
def _counts(plain: str) -> Counter[str]:
    """How often each long number stands there, doses left out: *5 mg twice a day* may be told as two doses."""
    return Counter(
        n.value for n in numbers_in(plain) if sum(map(str.isdigit, n.value)) >= _LONG and n.unit not in _OF_DOSES
    )


@lru_cache(maxsize=8192)
def _keys(plain: str) -> frozenset[tuple[str, str]]:
    found = {key for n in numbers_in(plain) for key in _alone(n.value, _singular(n.unit))}
    found |= {("1", m[1].lower()) for m in _A_WEEK.finditer(plain)} | {(m[1], "") for m in _TIMES.finditer(plain)}
    return frozenset(found)


def _alone(value: str, unit: str) -> Iterator[tuple[str, str]]:
    """A number, or both of what falls, which is no range: *7 to 3*."""
    low, _, high = value.partition("-")
    if high and "-" not in high and float(low) > float(high):
        yield from ((low, unit), (high, unit))
    else:
        yield value, unit


def _singular(unit: str) -> str:
    return unit[:-1] if len(unit) > 3 and unit.endswith("s") and "/" not in unit else unit


def _is_given(key: tuple[str, str], given: frozenset[tuple[str, str]], beside: frozenset[str]) -> bool:
    value, unit = key
    if key in given:
        return True
    if not unit:
        return any(value == v and (u in _UNDERSTOOD or "/" in u or u in beside) for v, u in given)
    if (value, "") in given and (unit in _UNDERSTOOD or any(unit == u for _, u in given)):
        return True
    return any(is_same_amount(key, other) for other in given)


def _is_split(key: tuple[str, str], given: frozenset[tuple[str, str]], words: str) -> bool:
    """Whether the lines have the value here and its unit there (*patch 0.05*), or both years of a span of years."""
    value, unit = key
    years = value.split("-")
    if len(years) > 1:
        return all(len(year) == 4 and (year, "") in given for year in years)
    return (value, "") in given and unit in _COUNTED and re.search(rf"\b{unit[:4]}", words) is not None


@lru_cache(maxsize=4096)
def _without_checked(plain: str) -> str:
    """Without frequencies and grades, which have checks of their own."""
    plain = _ORDINAL.sub(" ", plain)
    plain = re.sub(rf"{NUMBER}\s?(?:-|to)\s?(?={NUMBER}\s+times\b)", "", plain)
    return FREQUENCY.sub(lambda m: " " * len(m.group()) if re.search(r"\d|[a-z]{3}", m.group()) else m.group(), plain)


@lru_cache(maxsize=4096)
def _grades(plain: str) -> frozenset[tuple[str, str]]:
    found = set()
    for match in _ORDINAL.finditer(plain):
        which = match["which"].lower()
        what = match["what"].lower()
        found.add((_SAME_SCALE.get(what, what), _ROMAN.get(which, which)))
    return frozenset(found)


@lru_cache(maxsize=4096)
def _ordinals(plain: str) -> frozenset[str]:
    return frozenset(m[1] or _ORDER[m[2].lower()] for m in _NTH.finditer(plain))


@lru_cache(maxsize=8192)
def _bounds(plain: str) -> frozenset[tuple[str, str]]:
    found = set()
    plain, numbers = prepared(plain), numbers_in(plain)
    for number in numbers:
        before = plain[max(0, number.start - 24) : number.start]
        ahead, behind = _AHEAD.search(before), _BEHIND.match(plain, number.end)
        if ahead and ahead.group().strip() == ">" and _ARROW.search(before[: ahead.start()]):
            ahead = None
        if ahead and _REACHED.search(before):
            ahead = None
        if ahead and number.unit in _SPANS and re.match(r"over\b", ahead.group(), re.IGNORECASE):
            ahead = None
        match = ahead or behind
        found.add((number.value, "" if match is None else ("less" if match["less"] else "more")))
    return frozenset(found)


def _bare_clocks(text: str) -> set[tuple[int, str]]:
    return {((int(m[1]) - 1) % 12 + 1, m[2]) for m in _FOUR_DIGITS.finditer(text)}


def _clocks(text: str) -> set[tuple[int, str]]:
    """Times of day: hours from 1 to 12 and minutes, since *2:30 pm* and *14:30* are one."""
    return {((int(m[1]) - 1) % 12 + 1, m[2]) for m in _CLOCK.finditer(prepared(text))}
