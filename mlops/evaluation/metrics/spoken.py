"""Numbers as they are written and as they are spoken, for telling whether a dialogue holds what a note says."""

import re

_DIGITS = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?|(?<!\d)\.\d+")
_SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen"""
_ROUND = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = {word: value for value, word in enumerate(_SMALL.split())}
_TENS = {word: 10 * value for value, word in enumerate(_ROUND.split(), 2)}
_OTHERS = {"a": 1, "an": 1, "once": 1, "twice": 2, "first": 1, "second": 2, "third": 3}
_WORD = re.compile(r"[a-z]+|\d+(?:\.\d+)?")


def digits_in(text: str) -> list[str]:
    """Every number written in digits, in order: thousands separators taken out, zeros before and behind as well."""
    return [_plain(found[0]) for found in _DIGITS.finditer(text)]


def spoken_digits(text: str) -> set[str]:
    """The numbers that spoken English may stand for, in digits.

    Generous by intent, since a missing number is held against the writer: "twenty five" gives 20, 5 and 25, "one
    twenty over eighty" gives 120 and 80 beside the parts, "two point five" gives 2.5, "three hundred" gives 300.
    """
    found: set[float] = set()
    whole: float | None = None
    words = _WORD.findall(text.lower())
    for i, word in enumerate(words):
        value = _value(word)
        if value is None:
            whole = _grown(whole, word, words[i + 1 : i + 2], found)
            continue
        found.add(value)
        if whole is not None:
            found.update(_joined(whole, value))
            whole = max(_joined(whole, value))
        else:
            whole = value
    return {_plain(f"{value:f}") for value in found}


def _grown(whole: float | None, word: str, after: list[str], found: set[float]) -> float | None:
    """What a word that is no number makes of the number before it; None where the number ends."""
    if whole is None:
        return None
    if word in {"hundred", "thousand"}:
        grown = whole * (100 if word == "hundred" else 1000)
        found.add(grown)
        return grown
    if word == "point" and after and (fraction := _value(after[0])) is not None and fraction < 100:
        found.add(float(f"{whole:.0f}.{fraction:.0f}"))
        return None
    return whole if word == "and" else None


def _value(word: str) -> float | None:
    if word[0].isdigit():
        return float(word)
    return next((float(table[word]) for table in (_UNITS, _TENS, _OTHERS) if word in table), None)


def _joined(whole: float, value: float) -> set[float]:
    """What two numbers spoken one after the other may be: added ("twenty five"), or side by side ("one twenty")."""
    joined = {whole + value} if whole >= 20 and value < whole else {whole}
    if whole.is_integer() and value.is_integer() and whole < 100 and value < 100:
        joined.add(float(f"{whole:.0f}{value:.0f}"))
    return joined


def _plain(text: str) -> str:
    number = text.replace(",", "").lstrip("0")
    number = number.rstrip("0").rstrip(".") if "." in number else number
    return f"0{number}" if number.startswith(".") or not number else number
