"""Numbers written in words, as figures."""

import re

_UNITS = {"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_DECADES = {f"{word[:-1]}ies": value for word, value in _TENS.items()}
_TO_NINTH = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
}  # fmt: skip
_ORDINALS = {
    **_TO_NINTH, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15,
    "sixteenth": 16, "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
_VALUES = {**_UNITS, **_TEENS, **_TENS, **_DECADES, **_ORDINALS}
# "one of the", "at first", "a second look" count nothing.
_ALONE = frozenset({"zero", "one", "first", "second", "third"})


_COUNTED = re.compile(
    r"[\s-](?:day|week|month|year|hour|minute|time|dose|tablet|pill|puff|unit|pack|drink|pound)s?\b",
    re.IGNORECASE,
)


def _any(words: dict[str, int]) -> str:
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


_FINAL = {**_UNITS, **_TO_NINTH}
_SMALL = rf"(?:{_any(_TENS)}(?:[\s-]+{_any(_FINAL)})?|{_any(_TEENS)}|{_any(_UNITS)})"
_GROUP = rf"{_SMALL}(?:\s+hundred(?:(?:\s+and)?\s+{_SMALL})?)?"
_TWO_AND_TWO = rf"(?:{_any(_UNITS)}|{_any(_TEENS)}|twenty)\s+(?:{_any(_TENS)}(?:[\s-]+{_any(_UNITS)})?|{_any(_TEENS)})"
_SPELLED = re.compile(
    rf"\b(?:{_GROUP}\s+thousand(?:(?:\s+and)?\s+{_GROUP})?|{_TWO_AND_TWO}|{_GROUP}|{_any(_DECADES)}|"
    rf"{_any(_ORDINALS)})\b",
    re.IGNORECASE,
)


def in_figures(text: str) -> str:
    """The text with its spelled numbers in figures: *twenty six* 26, *two thousand nine* 2009, *one twenty two* 122.

    Years are read as they are spoken (*nineteen eighty four* 1984) and ordinals as their number (*tenth* 10); *one*,
    *first*, *second* and *third* by themselves stay words, unless *one* counts days, tablets or the like.
    """
    return _SPELLED.sub(_figures, text)


def _figures(match: re.Match[str]) -> str:
    words = [word for word in re.split(r"[\s-]+", match.group().lower()) if word != "and"]
    counts = (
        len(words) > 1 or words[0] not in _ALONE or (words[0] == "one" and _COUNTED.match(match.string, match.end()))
    )
    return str(_value(words)) if counts else match.group()


def _value(words: list[str]) -> int:
    for name, size in (("thousand", 1000), ("hundred", 100)):
        if name in words:
            at = words.index(name)
            return _value(words[:at]) * size + _value(words[at + 1 :])
    numbers = [_VALUES[word] for word in words]
    if len(numbers) > 1 and numbers[0] <= 20 and numbers[1] >= 10:
        return numbers[0] * 100 + sum(numbers[1:])
    return sum(numbers)
