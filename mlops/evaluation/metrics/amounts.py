"""Doses and values in a text, normalised, so that 0.5 g, 500 mg and .5 gram are one."""

import re
from dataclasses import dataclass
from decimal import Decimal

_UNITS = {
    "mcg": ("mcg", Decimal(1)),
    "µg": ("mcg", Decimal(1)),
    "μg": ("mcg", Decimal(1)),
    "ug": ("mcg", Decimal(1)),
    "microgram": ("mcg", Decimal(1)),
    "micrograms": ("mcg", Decimal(1)),
    "mg": ("mcg", Decimal(1000)),
    "milligram": ("mcg", Decimal(1000)),
    "milligrams": ("mcg", Decimal(1000)),
    "g": ("mcg", Decimal(1_000_000)),
    "gm": ("mcg", Decimal(1_000_000)),
    "gram": ("mcg", Decimal(1_000_000)),
    "grams": ("mcg", Decimal(1_000_000)),
    "unit": ("unit", Decimal(1)),
    "units": ("unit", Decimal(1)),
    "u": ("unit", Decimal(1)),
    "ml": ("ml", Decimal(1)),
    "cc": ("ml", Decimal(1)),
    "puff": ("puff", Decimal(1)),
    "puffs": ("puff", Decimal(1)),
    "inhalation": ("puff", Decimal(1)),
    "inhalations": ("puff", Decimal(1)),
    "tab": ("tab", Decimal(1)),
    "tabs": ("tab", Decimal(1)),
    "tablet": ("tab", Decimal(1)),
    "tablets": ("tab", Decimal(1)),
    "drop": ("drop", Decimal(1)),
    "drops": ("drop", Decimal(1)),
    "%": ("%", Decimal(1)),
}
_WORDS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6"}
_SPELLED = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_AMOUNT = re.compile(
    rf"(?<![\w.])(?P<first>{_NUMBER}|{'|'.join(_WORDS)})(?P<rest>(?:\s?(?:{_UNIT})?\s?[-–/]\s?(?:{_NUMBER})){{0,2}})"
    rf"\s?-?(?P<unit>{_UNIT})(?P<rate>/kg(?:/\w+)?)?(?![A-Za-z])",
    re.IGNORECASE,
)
_BARE = re.compile(rf"(?<![\w.])(?:{_NUMBER})")


@dataclass(frozen=True, slots=True)
class Amount:
    """Numbers in a base unit: masses in micrograms; two numbers for a combined drug; `rate` as in "/kg/hr"."""

    numbers: tuple[Decimal, ...]
    unit: str
    rate: str = ""


def amounts_in(text: str) -> list[Amount]:
    """Every number with a dose unit, in order."""
    return [_read(found) for found in _AMOUNT.finditer(text)]


def numbers_in(text: str) -> list[Decimal]:
    """Every number written in digits, in order, thousands separators taken out."""
    return [_decimal(found[0]) for found in _BARE.finditer(text)]


def _read(found: re.Match[str]) -> Amount:
    unit, factor = _UNITS[found["unit"].lower()]
    parts = [found["first"], *re.findall(_NUMBER, found["rest"] or "")]
    return Amount(tuple(_decimal(p) * factor for p in parts), unit, (found["rate"] or "").lower())


def _decimal(text: str) -> Decimal:
    return Decimal(_WORDS.get(text.lower(), text).replace(",", "")).normalize()


def spelled_numbers_in(text: str) -> list[Decimal]:
    """Every number from one to twelve written as a word, in order."""
    return [Decimal(_SPELLED.index(word)) for word in re.findall(r"[a-z]+", text.lower()) if word in _SPELLED[1:]]
