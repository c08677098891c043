"""Numbers as the checks compare them: figures for words, whole thousands, months and clocks in one spelling."""

import re
from functools import lru_cache

from chains.verification.spelled import in_figures
from extraction.dosing import NUMBER
from extraction.numbers import NumberMention, find_numbers

_THOUSANDS = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d)?)[kK](?![\w/]|\s?[:\d])")
_SHORT_UNITS = (
    (re.compile(r"(?<=\d)\s?-?mos?\b\.?", re.IGNORECASE), " months"),
    (re.compile(r"(?<=\d)\s?d/(?:wk|week)\b"), " days a week"),
    (re.compile(r"(?<=\d)\s?d\b(?![/.'’])"), " days"),
    (re.compile(r"(?<=\d)\s?ft\b"), " feet"),
    (re.compile(r"(?<=\d)\s?-?h(?:rs?)?\b(?![/.'’])"), " hours"),
    (re.compile(r"(?<=\d)\s?-?min\b(?![/.])"), " minutes"),
    (re.compile(r"(?<=\d)\s?-?wks?\b(?![/])"), " weeks"),
    (re.compile(r"(?<=\d)\s?gtts?\b"), " drops"),
    (re.compile(r"(?<=\d)\s?yr?s?\b(?![/.]o)"), " years"),
    (re.compile(r"\b(lit|met)re(s?)\b", re.IGNORECASE), r"\1er\2"),
    (re.compile(r"\bS to (?=[a-z])"), "sensitive to "),
    (re.compile(r"\bR to (?=[A-Za-z])"), "resistant to "),
    (re.compile(r"\bin(?=:? \d[\d,]*\s?(?:ml|cc)?\s?/\s?out\b)", re.IGNORECASE), "intake"),
    (re.compile(r"\bout(?=:? \d[\d,]*\s?(?:ml|cc)?\b(?! of\b))", re.IGNORECASE), "output"),
    (re.compile(r"\bwkly\b", re.IGNORECASE), "weekly"),
    (re.compile(r"(?<=\d)L\s?/\s?(?=\d)"), " l , "),
    (re.compile(r"(?<=\d)\s?L(?=\s?(?:NC|nasal|O2|oxygen|via|of|by|mask|home)\b)"), " l"),
    (re.compile(r"\b[xX]\s?(?=\d+\s?-?(?:hours?|hrs?|h|days?|weeks?|wks?|months?|years?|yrs?)\b)"), "for "),
    (re.compile(r"(?<![A-Z])(?<=[A-Za-z])x(?=\d\b)|(?<=\bO)x(?=\d\b)"), " x "),
    (re.compile(r"(?<=\d)x(?=\d)"), " x "),
)
_CLOCK = re.compile(
    r"(?<![\d:./-])(?:(0\d)([0-5]\d)(?![\d/.-]|\s?(?:mg|ml|units|kcal|cc)\b)|"
    r"([01]\d|2[0-3])([0-5]\d)(?=\s?(?:hrs?|hours|h)\b|:\s)|"
    r"(?<=\b[ab][ty] )([01]\d|2[0-3])([0-5]\d)\b)"
)
_ORDINALS = {
    "fourth": "4th", "fifth": "5th", "sixth": "6th", "seventh": "7th", "eighth": "8th", "ninth": "9th",
    "tenth": "10th", "eleventh": "11th", "twelfth": "12th",
}  # fmt: skip
_NTH = re.compile(rf"(?<!y[ -])\b(?:{'|'.join(_ORDINALS)})\b", re.IGNORECASE)
_RIGHT_VALUE = re.compile(r"(\d%?)\s+R\b(?! to\b)")
_LEFT_VALUE = re.compile(r"(\d%?)\s+L\b")
_YEARS = re.compile(r"\b((?:19|20|21|22)\d\d)\s?[-–]\s?(\d\d)(?![\d-])")
_TIMES_OVER = re.compile(r"\bx(?=\d{1,2}\b(?!\.))", re.IGNORECASE)
_SPINE = re.compile(r"\b([CTL])-spine\b")
_SPINES = {"C": "cervical", "T": "thoracic", "L": "lumbar"}
_SPACED_PAIR = re.compile(rf"({NUMBER})\s+/\s+(?={NUMBER})")
_TREND = re.compile(rf"({NUMBER})\s*(?:-{{1,2}}>|=>|→|>>)\s*(?={NUMBER})")
_FROM_TO = re.compile(rf"(\bfrom\s+(?:\w+\s+){{0,3}}?{NUMBER})\s+to\s+", re.IGNORECASE)
_PARTS = (
    r"(?:head|neck|arm|leg|hand|foot|eye|ear|knee|hip|flank|lung|breast|kidney|ovary|wrist|ankle|shoulder|elbow|thigh|"
    r"calf|groin|fem|femoral|side|upper|lower|popliteal|renal|carotid|lobe|base|chest|quadrant)"
)
_SIDED = re.compile(rf"(?<=\d)(\s+)([LR])(?=\s+(?:\w+\s+)?{_PARTS})")


@lru_cache(maxsize=8192)
def numbers_in(plain: str) -> tuple[NumberMention, ...]:
    """The numbers of a text, those in words included; places are of `prepared(plain)`."""
    return find_numbers(prepared(plain))


@lru_cache(maxsize=8192)
def prepared(plain: str) -> str:
    """The text with its figures in one spelling.

    *100k* is 100000, *18 mo* 18 months, *0400:* 04:00; *210 / 165* two numbers and not a pair, *6/10 L flank* a side
    and no liters, *from 5 to 10* no range.
    """
    plain = in_figures(_NTH.sub(lambda m: _ORDINALS[m.group().lower()], plain))
    plain = _SIDED.sub(lambda m: m[1] + ("left" if m[2] == "L" else "right"), plain)
    if _RIGHT_VALUE.search(plain):
        plain = _LEFT_VALUE.sub(r"\1 left", _RIGHT_VALUE.sub(r"\1 right", plain))
    plain = _YEARS.sub(lambda m: f"{m[1]} , {m[1][:2]}{m[2]}", plain)
    for written, full in _SHORT_UNITS:
        plain = written.sub(full, plain)
    plain = _SPINE.sub(lambda m: f"{_SPINES[m[1]]} spine", _TIMES_OVER.sub("x ", plain))
    plain = _THOUSANDS.sub(lambda m: str(round(float(m[1]) * 1000)), plain)
    plain = _CLOCK.sub(lambda m: ":".join(part for part in m.groups() if part), plain)
    return _FROM_TO.sub(r"\1 -> ", _TREND.sub(r"\1 , ", _SPACED_PAIR.sub(r"\1 , ", plain)))


_DIMENSIONS = {
    "mcg": ("mass", 1e-6), "mg": ("mass", 1e-3), "g": ("mass", 1.0), "kg": ("mass", 1e3),
    "mm": ("length", 0.1), "cm": ("length", 1.0), "ml": ("volume", 1e-3), "l": ("volume", 1.0),
    "hour": ("time", 1.0), "day": ("time", 24.0), "week": ("time", 168.0), "month": ("months", 1.0),
    "year": ("months", 12.0),
}  # fmt: skip


def is_same_amount(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two values with their units are exactly one amount: *1 g* and *1000 mg*, *2 weeks* and *14 days*."""
    first, second = _DIMENSIONS.get(one[1]), _DIMENSIONS.get(other[1])
    if first is None or second is None or first[0] != second[0]:
        return False
    try:
        a, b = (
            [float(v) * factor for v in value.split("-")]
            for value, (_, factor) in ((one[0], first), (other[0], second))
        )
    except ValueError:
        return False
    return len(a) == len(b) and all(abs(x - y) < 1e-6 * max(x, y) for x, y in zip(a, b, strict=True))
