"""Dates in a text."""

import re
from dataclasses import dataclass
from functools import lru_cache

from extraction.gated import Gated

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATE = re.compile(
    r"(?<![\w./-])(?:"
    r"(?P<y1>(?:19|20|21|22)\d\d)-(?P<m1>\d{1,2})(?:-(?P<d1>\d{1,2}))?(?:[T ]\d{2}:\d{2}(?::\d{2})?)?|"
    r"(?P<m2>\d{1,2})(?P<sep>[/-])(?P<d2>\d{1,2})(?P=sep)(?P<y2>\d{4}|\d{2})|"
    r"(?P<m3>0?[1-9]|1[0-2])/(?P<y3>(?:19|20|21|22)\d\d)"
    r")(?![\w/-]|\.\d)|"
    rf"(?<!\w)(?P<w4>{_MONTH})\s+(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(?P<y4>(?:19|20|21|22)\d\d))?(?!\d|"
    rf"\s?(?:mg|%|mcg))|"
    rf"(?<!\w)(?P<d5>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<w5>{_MONTH}),?\s+(?P<y5>(?:19|20|21|22)\d\d)|"
    rf"(?<!\w)(?P<w6>{_MONTH})(?:,?\s+|\s+of\s+)(?P<y6>(?:19|20|21|22)\d\d)(?!\d)",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_NUMERIC = re.compile(r"\d[/-]\d")
_NAMES_MONTH = Gated(_MONTH, re.IGNORECASE)
_YEAR = Gated(
    r"(?<=\b(?:in|of|by) )(?P<year>(?:19|20|21|22)\d\d)(?![\w%/-]|\.\d)|(?<=since )(?P<since>(?:19|20)\d\d)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date at characters `start:end`.

    `value` is ISO 8601 with the text's own precision: `2024-03-05`, `2024-03`, `2024`, or `--03-05` without a year.
    `ambiguous` marks numeric dates whose first two numbers could change places; they are read month first.
    """

    value: str
    start: int
    end: int
    ambiguous: bool = False


@lru_cache(maxsize=1024)
def find_dates(text: str) -> tuple[DateMention, ...]:
    """Dates in order, numeric and in words; impossible ones are left out."""
    if not _DIGIT.search(text):
        return ()
    numeric = _NUMERIC.search(text) is not None
    dates = _DATE.finditer(text) if numeric or _NAMES_MONTH.may_match(text) else ()
    found = [mention for match in dates if (mention := _mention(match))]
    taken = [(d.start, d.end) for d in found]
    found += [
        DateMention(m.group(), m.start(), m.end())
        for m in _YEAR.finditer(text)
        if not any(a <= m.start() < b for a, b in taken)
    ]
    return tuple(sorted(found, key=lambda d: d.start))


def _mention(match: re.Match[str]) -> DateMention | None:
    got = match.groupdict()
    which = next(i for i in "123456" if got.get(f"y{i}") or got.get(f"w{i}") or (i == "2" and got["m2"]))
    year = got.get(f"y{which}") or ""
    word = got.get(f"w{which}")
    month = _month(word) if word else int(got[f"m{which}"])
    day = int(got.get(f"d{which}") or 0)
    ambiguous = which == "2" and day <= 12 and month <= 12 and day != month
    if which == "2" and month > 12 >= day:
        month, day = day, month
    if not 1 <= month <= 12 or day > 31:
        return None
    if len(year) == 2:
        year = ("20" if int(year) < 70 else "19") + year
    value = f"{year or '-'}-{month:02d}" + (f"-{day:02d}" if day else "")
    return DateMention(value, match.start(), match.end(), ambiguous)


def _month(word: str) -> int:
    return _MONTHS.index(word.lower()[:3]) + 1
