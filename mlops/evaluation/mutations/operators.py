"""Small functions that put one error each into a true sentence: numbers, units, times."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

Operator: TypeAlias = Callable[[str], Iterator[str]]
"""From a true sentence to wrong ones, none where the sentence has nothing of the kind."""

_MASS = r"(?:mg|mcg|micrograms?|milligrams?|g|grams?|units?|mEq|mL|ml)"
_DOSE = re.compile(rf"(?<![\d./-])(\d[\d,]*(?:\.\d+)?)(?=[ -]?{_MASS}\b(?!/))")
_SPAN = re.compile(
    r"\b(?<!every )(\d+|two|three|four|five|six|seven|eight|ten)(?=[ -](?:hour|day|week|month|year)s?\b(?![ -]old))"
)
_MEASURED = re.compile(
    r"(?<![\d./-])(\d+(?:\.\d+)?)(?=\s?%|[ -]?(?:kg|pounds|lbs?|cm|mm|degrees|liters?|inches|year-old|years old))"
)
_DECIMAL = re.compile(rf"(?<![\d./-])(\d+\.\d+)(?=\s?(?:%|{_MASS}\b)|[,;.]?(?:\s|$))")
_PRESSURE = re.compile(r"\b(\d{2,3})/(\d{2,3})\b")
_YEAR = re.compile(r"\b(?:19|20|21)\d\d\b")
_WORDS = {"two": "five", "three": "six", "four": "nine", "five": "two", "six": "three", "seven": "three",
          "eight": "four", "ten": "four"}  # fmt: skip
_UNITS: Mapping[str, str] = {
    "mg": "mcg", "mcg": "mg", "g": "mg", "units": "mL", "kg": "pounds", "pounds": "kg", "cm": "mm", "mm": "cm",
    "mEq": "mg", "mL": "L",
}  # fmt: skip
_UNIT = re.compile(rf"(?<=\d)([ -]?)({'|'.join(_UNITS)})\b(?!/)")
_TIMES: Mapping[str, str] = {
    "hour": "day", "hours": "days", "day": "week", "days": "weeks", "week": "month", "weeks": "months",
    "month": "week", "months": "weeks", "year": "month", "years": "months",
}  # fmt: skip


def dose(text: str) -> Iterator[str]:
    """Each dose doubled, as when two strengths are confused."""
    for m in _DOSE.finditer(text):
        yield _put(text, m.span(1), _scaled(m[1], 2))


def magnitude(text: str) -> Iterator[str]:
    """Each dose or decimal ten times as large: a point lost, a zero too many."""
    spans = {m.span(1): m[1] for pattern in (_DOSE, _DECIMAL) for m in pattern.finditer(text)}
    for span, amount in spans.items():
        yield _put(text, span, _scaled(amount, 10))


def number(text: str) -> Iterator[str]:
    """Each measured number, age or blood pressure another one."""
    for m in _MEASURED.finditer(text):
        yield _put(text, m.span(1), _shifted(m[1]))
    for m in _PRESSURE.finditer(text):
        yield _put(text, m.span(1), _shifted(m[1]))


def unit(text: str) -> Iterator[str]:
    """Each unit behind a number exchanged for one it is mistaken for."""
    for m in _UNIT.finditer(text):
        yield _put(text, m.span(2), _UNITS[m[2]])


def duration(text: str) -> Iterator[str]:
    """Each length of time with another number."""
    for m in _SPAN.finditer(text):
        yield _put(text, m.span(1), _WORDS.get(m[1]) or str(int(m[1]) * 2 + 1))


def time_unit(text: str) -> Iterator[str]:
    """Days for hours, weeks for days, where a number or `a` stands before."""
    for m in _SPAN.finditer(text):
        after = re.compile(r"([ -])(\w+)").match(text, m.end())
        if after and after[2] in _TIMES:
            yield _put(text, after.span(2), _TIMES[after[2]])


def date(text: str) -> Iterator[str]:
    """Each year three later."""
    for m in _YEAR.finditer(text):
        yield _put(text, m.span(), str(int(m[0]) + 3))


def _scaled(amount: str, factor: int) -> str:
    value = float(amount.replace(",", "")) * factor
    return f"{value:g}" if value < 1e6 else f"{value:.0f}"


def _shifted(amount: str) -> str:
    """Another number of the same look: three tenths more, or less where it is above 60."""
    places = len(amount.partition(".")[2])
    value = float(amount)
    step = max(round(value * 0.3, places), 10**-places)
    return f"{value + (-step if value > 60 else step):.{places}f}"


def _put(text: str, span: tuple[int, int], new: str) -> str:
    return text[: span[0]] + new + text[span[1] :]


QUANTITIES: tuple[tuple[str, Operator], ...] = (
    ("dose", dose),
    ("magnitude", magnitude),
    ("number", number),
    ("unit", unit),
    ("duration", duration),
    ("duration", time_unit),
    ("date", date),
)
