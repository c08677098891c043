"""Results and code status over time: the newest counts."""

import re
from collections.abc import Sequence
from functools import lru_cache

from core.records import Action, Assertion, FactKind
from extraction.series import is_void, stated_date
from extraction.timeline.records import ResolvedFact, State, TimedFact, distinct, without_copies

_FULL = "full code"
_ENDS_IN_NUMBER = re.compile(r"[\d.]")
_GOES_ON = re.compile(r"[\d.]*\d")
_AT_FIRST = re.compile(
    r"\b(?:on|at|upon) (?:arrival|admission|presentation)\b|\binitial(?:ly)?\b|\bpeak(?:ed|s)?\b|\bpresenting\b",
    re.IGNORECASE,
)


def resolve_result(name: str, mentions: Sequence[TimedFact]) -> ResolvedFact | None:
    """The newest value, with the one before it that differs; stated baselines and goals do not count.

    A value told with a day of its own counts on that day, whenever it is told again. One that is called hemolyzed or
    erroneous does not count where another stands for it.
    """
    own = [m for m in mentions if m.fact.assertion is Assertion.PRESENT]
    if not own:
        return None
    sound = without_copies(_without_void(own))
    taken_at = {id(m): _taken_at(m) for m in sound}
    told = sorted(sound, key=lambda m: taken_at[id(m)])
    latest = _last_told(told)
    newest = taken_at[id(latest)]
    earlier = [m for m in told if taken_at[id(m)] < newest or m.fact.note_id == latest.fact.note_id]
    previous = next((m for m in reversed(earlier) if m.fact.value != latest.fact.value), None)
    state: State = "changed" if previous else "current"
    return ResolvedFact(FactKind.RESULT, name, state, latest, previous, own[0], distinct(own))


def _beside(mention: TimedFact) -> str:
    """The words of a fact behind its value."""
    if mention.sentence_start is None:
        return ""
    start = mention.sentence_start
    words = mention.text[mention.fact.start - start : mention.fact.end - start]
    return _behind(words, mention.fact.value)


@lru_cache(maxsize=8192)
def _behind(words: str, value: str) -> str:
    """What stands behind the last place of a value that is no part of a longer number; "" where there is none."""
    found, at = len(words), words.find(value)
    while at >= 0:
        stop = at + len(value)
        alone = not _ENDS_IN_NUMBER.match(words, at - 1, at) and not _GOES_ON.match(words, stop)
        found = stop if alone else found
        at = words.find(value, max(stop, at + 1) if alone else at + 1)
    return words[found:]


def _taken_at(mention: TimedFact) -> str:
    """When a value was measured: the day told beside it where that is before its note, else the note's time."""
    day = stated_date(_beside(mention))
    earlier = day[:1].isdigit() and day < mention.when and not mention.when.startswith(day)
    return day if earlier else mention.when


def _without_void(own: Sequence[TimedFact]) -> list[TimedFact]:
    void = [m for m in own if is_void(_beside(m))]
    if not void:
        return list(own)
    sound = [m for m in own if m not in void]
    return [m for m in own if m not in void or not any(s.when >= m.when for s in sound)]


def _last_told(told: Sequence[TimedFact]) -> TimedFact:
    """The last mention, but of one note's mentions rather one that does not tell how it was at first."""
    same_note = [m for m in told if m.fact.note_id == told[-1].fact.note_id]
    return next((m for m in reversed(same_note) if not _AT_FIRST.search(m.text)), told[-1])


def resolve_code_status(mentions: Sequence[TimedFact]) -> ResolvedFact | None:
    """One code status of the whole chart: the newest that is firmly stated.

    Two firm ones of one day conflict unless one tells of the change. What holds by default, for a time or on a
    condition is POSSIBLE: it counts where nothing firm is stated, and else, where newer, is shown as the other side.
    """
    firm = [m for m in mentions if m.fact.assertion is Assertion.PRESENT]
    weak = [m for m in mentions if m.fact.assertion is Assertion.POSSIBLE]
    own = firm or weak
    if not own:
        return None
    told = without_copies(own)
    latest = told[-1]
    previous = next((m for m in reversed(told) if _contradict(m, latest)), None)
    state: State = "current"
    if previous is not None:
        together = _of_one_day(previous, latest)
        settled = Action.CHANGED in (latest.fact.action, previous.fact.action)
        state = "conflict" if together and not settled else "changed"
        if together and previous.fact.action is Action.CHANGED:
            latest, previous = previous, latest
    doubt = next((m for m in reversed(weak) if firm and m.when >= latest.when and _contradict(m, latest)), None)
    if doubt is not None and state != "conflict":
        state, previous = "conflict", doubt
    shown = distinct(sorted([*firm, *weak], key=lambda m: m.when))
    return ResolvedFact(FactKind.CODE_STATUS, latest.fact.name, state, latest, previous, own[0], shown)


def _contradict(a: TimedFact, b: TimedFact) -> bool:
    """Whether two differ; not so where one sentence names both, as `DNR/DNI, comfort care`, and is told as a whole."""
    names = {a.fact.name, b.fact.name}
    together = (a.fact.note_id, a.fact.start, a.fact.end) == (b.fact.note_id, b.fact.start, b.fact.end)
    return len(names) == 2 and (_FULL in names or not together)


def _of_one_day(a: TimedFact, b: TimedFact) -> bool:
    return a.fact.note_id == b.fact.note_id or (a.day is not None and a.day == b.day) or (a.when == b.when != "")
