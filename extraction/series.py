"""Several values of one test in one sentence: which of them is the newest, and which are none of the patient's now."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from extraction.dates import find_dates
from extraction.dosing import NUMBER

_REACH = 160
_SEPARATOR = re.compile(r"[,;](?=\s)|\s(?=(?:and|then|but)\s)|\s*(?:-{1,2}>|=>|→)\s*|\.(?=\s|\Z)")
_ARROW = re.compile(r"\s*(?:-{1,2}>|=>|→)\s*")
_LEAD = re.compile(
    r"[\s(:=~]*(?:(?:repeat\w*|rpt|re-?check\w*|retest\w*|redraw\w*|now|today|yesterday|goals?|targets?|ref\w*|baseline|"
    r"normal|range|of|is|was|were|at|to|on|in|by|and|then|but|back|up|down|improv\w+|fell|rose|dropped|increased|decreased|"
    r"levels?|value|most|recent|latest|last|current\w*|previous\w*|prior|formerly|a|the|it|this|morning|visit|discharge|"
    r"admission|arrival|subsequent\w*|final\w*|later|returned|came|result\w*|trended|remain\w*|less|than|level)"
    r"[\s:=(]+)*[<>≤≥~]?\s*\Z",
    re.IGNORECASE,
)
_AGAIN = re.compile(r"\b(?:repeat|rpt|re-?check|retest|redraw)", re.IGNORECASE)
_VALUE = re.compile(rf"(?:[<>≤≥~]=?\s?)?(?<![\w./]){NUMBER}(?:\s?[-–/]\s?{NUMBER})?")
_NO_RESULT = re.compile(
    r"[\s-]?(?:days?|weeks?|wks?|months?|mos?|years?|yrs?|hours?|hrs?|am\b|pm\b|o'clock|mg(?!\s?/)|mcg|gm?(?!\s?/|\w)|"
    r"units?|tabs?|tablets?|meq(?!\s?/)|ml(?!\s?/)|liters? (?:of|ivf|ns)|l\b|times|x\b|st\b|nd\b|rd\b|th\b)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\w./-])(?:19|20)\d\d(?![\w/%-]|\.\d)")
_DAY = re.compile(r"(?<![\w./-])(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])(?![\w/.%-]|\d)")
_NEW = re.compile(
    r"\b(?:repeat\w*|rpt|recheck\w*|re-check\w*|retest\w*|redraw\w*|now|today|tonight|currently|current|at discharge|"
    r"on discharge|at present|latest|most recent\w*|this (?:morning|visit|time))\b",
    re.IGNORECASE,
)
_OLD = re.compile(
    r"\b(?:previous\w*|prev|prior|formerly|earlier|yesterday|last (?:week|month|year|visit|check|time|night)|ago|"
    r"was|were|had been|initial\w*|on (?:arrival|admission|presentation)|at first)\b",
    re.IGNORECASE,
)
_NOT_MEASURED = re.compile(
    r"\b(?:goals?|targets?|ref(?:erence)?|normal(?: range)?|baseline|range|therapeutic|uln|lln|upper limit|cut-?off)\b",
    re.IGNORECASE,
)
_VOID = re.compile(
    r"\b(?:ha?emoly[sz]\w*|contaminat\w*|erroneous\w*|spurious\w*|clotted|lipa?emic|mis-?label\w*|(?:lab|drawing|"
    r"specimen) error|in error|error|invalid|diluted|qns|drawn (?:from|above) (?:the )?(?:line|iv))\b",
    re.IGNORECASE,
)
_GOAL_FIRST = re.compile(
    rf"[\s(:]*(?:(?:goal|target|ref(?:erence)?(?: range)?|normal(?: range)?)\b)?[\s:]*(?:(?:of|is|range)\s+)?"
    rf"(?:[<>≤≥]=?\s?|(?:less|greater|more) than\s+|under\s+|above\s+)?{NUMBER}(?:\s?(?:[-–/]|to)\s?{NUMBER})?(?:\s?%)?"
    r"(?P<close>\)?)(?P<then>\s*[,;:–-]?\s*(?:(?:but|and)\s+)?(?=(?:now|today|currently|this|is|was|at|actual|latest|"
    r"most recent|last)\b))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The characters of the newest value, and where the words beside it end that tell of its day or its worth."""

    span: tuple[int, int]
    end: int


@dataclass(frozen=True, slots=True)
class _Value:
    span: tuple[int, int]
    lead: str
    tail: tuple[int, int]
    arrow: bool
    words: str

    @property
    def date(self) -> str:
        """The day told beside it; "" for none, `--03-05` for one without a year."""
        return stated_date(self.words)


def past_goal(text: str, at: int) -> int | None:
    """Where the words behind a goal begin that tell the value reached; None where no such words follow."""
    goal = _GOAL_FIRST.match(text, at)
    if goal is None or not (goal["then"] or goal["close"]):
        return None
    return goal.end()


@lru_cache(maxsize=4096)
def stated_date(words: str) -> str:
    """The first date in some words, a bare year too: ISO 8601 with the precision given, `--03-05` without a year."""
    found = find_dates(words)
    if found:
        return found[0].value
    day = _DAY.search(words)
    if day:
        return f"--{int(day[1]):02d}-{int(day[2]):02d}"
    year = _YEAR.search(words)
    return year.group() if year else ""


def is_void(words: str) -> bool:
    """Whether words call a value hemolyzed, contaminated or otherwise not the patient's."""
    return _VOID.search(words) is not None


def is_new(words: str) -> bool:
    """Whether words tell of the present or of a repeated test: `today`, `repeat`."""
    return _NEW.search(words) is not None


def newest(
    text: str, name_end: int, first: tuple[int, int], stop: int, is_value: Callable[[tuple[int, int]], bool]
) -> Chosen | None:
    """The newest of the values that follow the first, by their dates or by words as `repeat`; None where none tell it.

    Goals, reference ranges and baselines are skipped, and so is what is called hemolyzed where another value stands.
    """
    values = list(_values(text, name_end, first, min(stop, first[1] + _REACH), is_value))
    head = values[0]
    measured = [v for v in values if v is head or not _NOT_MEASURED.search(v.lead + " " + v.words)]
    if _NOT_MEASURED.search(head.lead) and len(measured) > 1:
        measured = measured[1:]
    sound = [v for v in measured if not is_void(v.words)]
    if sound and len(sound) < len(measured) and not _told_before(sound[-1], head):
        measured = sound
    if len(measured) == 1:
        only = measured[0]
        beside = bool(only.date or is_void(only.words))
        return _with_tail(text, only) if only is not head or beside else None
    chosen = _by_words(measured) or _by_date(measured)
    return _with_tail(text, chosen) if chosen else None


def _with_tail(text: str, value: _Value) -> Chosen:
    beside = text[slice(*value.tail)].rstrip(" ,;:-\n\t")
    return Chosen(value.span, value.span[1] + len(beside))


def _told_before(value: _Value, head: _Value) -> bool:
    return value is head and bool(_OLD.search(value.words))


def _by_words(values: Sequence[_Value]) -> _Value | None:
    arrows = [v for v in values[1:] if v.arrow]
    if arrows:
        return arrows[-1] if values[0].words.strip() else None
    new = [v for v in values if _NEW.search(v.lead + " " + v.words)]
    if new:
        return new[-1]
    old = [v for v in values if _OLD.search(v.words)]
    rest = [v for v in values if v not in old]
    return rest[-1] if old and len(rest) == 1 and not any(v.date for v in rest) else None


def _by_date(values: Sequence[_Value]) -> _Value | None:
    dated = [v for v in values if v.date]
    if len(dated) == len(values) and len({v.date.startswith("--") for v in dated}) == 1:
        return max(reversed(dated), key=lambda v: v.date)
    bare = [v for v in values if not v.date]
    if len(bare) == 1 and dated and all(v.date[:1] != "-" for v in dated):
        return bare[0]
    return None


def _values(
    text: str, name_end: int, first: tuple[int, int], stop: int, is_value: Callable[[tuple[int, int]], bool]
) -> Iterator[_Value]:
    """The first value and those that follow it in parts between commas, `and` and arrows, each with its words."""
    value = _Value(first, text[name_end : first[0]], (first[1], first[1]), False, "")
    at, arrow, other = first[1], False, False
    while at < stop:
        cut = _cut(text, at, stop)
        part_end = cut.start() if cut else stop
        if at != first[1]:
            found = _first_number(text, at, part_end)
            if found is not None:
                lead = text[at : found[0]]
                fits = _LEAD.match(lead) and not _NO_RESULT.match(text, found[1]) and is_value(found)
                if not fits or (other and not _AGAIN.search(lead)):
                    other = True
                    if cut is None or cut.group().startswith("."):
                        break
                    at, arrow = cut.end(), False
                    continue
                yield value
                value = _Value(found, text[at : found[0]], (found[1], found[1]), arrow, "")
                at = found[1]
        value = replace(value, tail=(value.span[1], part_end), words=text[value.span[1] : part_end])
        if cut is None or cut.group().startswith("."):
            break
        at, arrow = cut.end(), bool(_ARROW.fullmatch(cut.group()))
    yield value


def _cut(text: str, at: int, stop: int) -> re.Match[str] | None:
    """The next separator that stands in no bracket."""
    for cut in _SEPARATOR.finditer(text, at, stop):
        inside = text[at : cut.start()]
        if inside.count("(") <= inside.count(")"):
            return cut
    return None


def _first_number(text: str, start: int, stop: int) -> tuple[int, int] | None:
    """The first number of a part that is no date."""
    part = text[start:stop]
    dates = [(d.start, d.end) for d in find_dates(part)] + [m.span() for m in _DAY.finditer(part)]
    for match in _VALUE.finditer(part):
        if not any(a <= match.start() < b for a, b in dates):
            return start + match.start(), start + match.end()
    return None
