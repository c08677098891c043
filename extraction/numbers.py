"""Numbers in a text, with their units."""

import re
from dataclasses import dataclass

from extraction.dates import find_dates
from extraction.dosing import NUMBER, canonical_number, canonical_unit

_UNITS = (
    r"(?:mcg|µg|μg|ug|micrograms?|mg|milligrams?|gm|grams?|kg|kilograms?|meq|mmol|ml|cc|liters?|iu|"
    r"international units?|units?|"
    r"mm\s?hg|mmhg|bpm|puffs?|tabs?|tablets?|caps?|capsules?|pills?|drops?|sprays?|patch(?:es)?|percent|%|cm|mm|"
    r"inches|inch|feet|"
    r"pounds?|lbs?|ounces?|oz|degrees?(?:\s+(?:fahrenheit|celsius|f|c))?|years?|yrs?|months?|weeks?|wks?|days?|"
    r"hours?|hrs?|minutes?|mins?|"
    r"°?[fc]|packs?|pack-years?|drinks?|beers?|cigarettes?|times|liters?|doses|fr|french|g|l|u|k|h)"
)
_PER = (
    r"(?:\s?/\s?(?:kg|m2|hr|hour|h|min(?:ute)?|day|week|month|dl|ml|l|dose|hpf|ul|mm3|puff|actuation|1\.73\s?m2|night))"
)
_SPELLED = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15", "sixteen": "16",
    "eighteen": "18", "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "hundred": "100",
}  # fmt: skip
_NUMBER = re.compile(
    rf"(?<![\w.])(?<!\d:)(?P<low>{NUMBER})(?:(?P<join>\s?(?:-|–|to|/)\s?)(?P<high>{NUMBER})(?![\w/]{{0,12}}/\d))?"
    rf"(?:(?P<gap>[\s-]{{0,2}})(?P<unit>{_UNITS})(?![a-z0-9])(?P<per>{_PER}{{0,2}})|(?![\w]|\.\d|:\d))",
    re.IGNORECASE,
)
_WORD = re.compile(
    rf"\b(?P<word>one(?=[\s-](?:{_UNITS})\b)|{'|'.join(_SPELLED)})\b(?:[\s-](?P<unit>{_UNITS})(?![a-z0-9]))?",
    re.IGNORECASE,
)
_TIME_UNITS = {
    "yr": "year",
    "yrs": "year",
    "wk": "week",
    "wks": "week",
    "hr": "hour",
    "hrs": "hour",
    "h": "hour",
    "min": "minute",
    "mins": "minute",
}
_SAME = {
    "percent": "%",
    "mm hg": "mmhg",
    "mmhg": "mmhg",
    "lbs": "lb",
    "pound": "lb",
    "pounds": "lb",
    "kilogram": "kg",
    "kilograms": "kg",
    "inch": "in",
    "inches": "in",
}


@dataclass(frozen=True, slots=True)
class NumberMention:
    """A number at characters `start:end`, its unit included.

    `value` has one spelling for equal numbers: `40`, `0.5`, `1000`; a range is `5-10`, a pair `120/80`, a number in
    words its digits. `unit` is lower-case and canonical ("mg", "mcg", "units", "%", "day"), "" where none follows.
    """

    value: str
    unit: str
    start: int
    end: int

    @property
    def values(self) -> tuple[str, ...]:
        """The single numbers of a range or pair."""
        return tuple(part for part in re.split(r"[-/]", self.value) if part)


def find_numbers(text: str) -> tuple[NumberMention, ...]:
    """Numbers in order, those in words from two on included. Numbers inside dates and inside names (B12) are none."""
    dates = [(d.start, d.end) for d in find_dates(text)]
    found = [_mention(m) for m in _NUMBER.finditer(text)]
    found += [_spelled(m) for m in _WORD.finditer(text)]
    kept = [n for n in found if not any(a <= n.start < b for a, b in dates)]
    return tuple(sorted(kept, key=lambda n: n.start))


def _mention(match: re.Match[str]) -> NumberMention:
    low, high = canonical_number(match["low"]), match["high"]
    value = low
    if high:
        value = f"{low}{'/' if '/' in match['join'] else '-'}{canonical_number(high)}"
    unit = _unit(match["unit"] or "") + re.sub(r"\s", "", (match["per"] or "").lower())
    return NumberMention(value, unit, match.start(), match.end())


def _spelled(match: re.Match[str]) -> NumberMention:
    word = match["word"].lower()
    return NumberMention(_SPELLED.get(word, "1"), _unit(match["unit"] or ""), match.start(), match.end())


def _unit(words: str) -> str:
    unit = " ".join(words.lower().split())
    if unit in _SAME:
        return _SAME[unit]
    if unit in _TIME_UNITS:
        return _TIME_UNITS[unit]
    if unit.rstrip("s") in ("year", "month", "week", "day", "hour", "minute"):
        return unit.rstrip("s")
    return canonical_unit(unit)
