"""Whose finding it is: the patient's, or which relative's."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from chains.verification.claim import Claim, Refusal
from chains.verification.clauses import END, OPEN, Clauses, clauses_of
from chains.verification.reading import reading_of, table
from chains.verification.units import Unit, by_name, same_things, units_of
from chains.wording import stem
from core.records import SectionKind

_SIDES = frozenset({"maternal", "paternal"})
_SUBJECT = Refusal("subject", "it mixed up the patient and a relative")


class Kin(NamedTuple):
    """A relative; `side` is maternal, paternal or nothing."""

    name: str
    side: str


@cache
def _names() -> Mapping[str, str]:
    return {form: name for name, forms in table("kin")["names"].items() for form in (name, *forms)}


@cache
def _words() -> Mapping[str, frozenset[str]]:
    lists = {name: frozenset(table("kin")[name]) for name in ("beside", "own", "fillers", "of_family", "others")}
    return {**lists, "tells": frozenset(stem(word) for word in table("kin")["tells"])}


def subjects_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a finding of a relative told of the patient or of another relative, and the other way round.

    A relative may be told more broadly than the cited words do (*a parent* for *her mother*), not more narrowly.
    """
    given: list[tuple[Unit, frozenset[Kin]]] = []
    for evidence in claim.cited:
        of_family = evidence.kind is SectionKind.FAMILY_HISTORY and not claim.is_verbatim
        given += kin_of(evidence.context, of_family)
    known = by_name(u for u, _ in given)
    bearers = {id(u): kin for u, kin in given}
    for unit, kin in kin_of(claim.text, False):
        if not unit.is_finding:
            if not kin and _is_of_others(bearers[id(u)] for u in known.get(unit.name, ()) if u.name == unit.name):
                return _SUBJECT
            continue
        same = [bearers[id(u)] for u in same_things(unit, known)]
        if same and not any(_agree(kin, other) for other in same):
            return _SUBJECT
    return None


def _is_of_others(bearers: Iterable[frozenset[Kin]]) -> bool:
    """Whether a word is only ever said of people who are no relatives: *neighbor has scabies*."""
    found = list(bearers)
    return bool(found) and all(kin and {k.name for k in kin} <= _words()["others"] for kin in found)


def _agree(told: frozenset[Kin], given: frozenset[Kin]) -> bool:
    if not told or not given:
        return not told and not given
    return any(_covers(t, g) for t in told for g in given)


def _covers(told: Kin, given: Kin) -> bool:
    if told.name == "relative" or given.name == "relative":
        return True
    if told.side and given.side and told.side != given.side:
        return False
    return told.name == given.name or given.name in table("kin")["broader"].get(told.name, ())


@lru_cache(maxsize=4096)
def kin_of(text: str, of_family: bool) -> tuple[tuple[Unit, frozenset[Kin]], ...]:
    """The units of a text with the relatives they are told of; none is the patient. Remembered."""
    units = units_of(text)
    clauses = clauses_of(reading_of(text).plain)
    governed: list[set[Kin]] = [set() for _ in clauses.gaps]
    for kin, first, stop in _governed(clauses):
        for at in range(first, stop):
            governed[at].add(kin)
    rest = frozenset({Kin("relative", "")}) if of_family else frozenset()
    return tuple((u, frozenset(governed[u.last]) or rest) for u in units)


def _governed(clauses: Clauses) -> Iterator[tuple[Kin, int, int]]:
    """Each relative with the range of words that speaks of it."""
    lower, gaps = clauses.words.lower, clauses.gaps
    named = [(at, lower[at]) for at in range(len(lower)) if _is_kin(clauses, at)]
    floor = 0
    for number, (at, word) in enumerate(named):
        first, kin = _whole_name(clauses, at, word)
        start = max([floor, *(i for i in range(at + 1) if gaps[i] == END)])
        following = named[number + 1][0] if number + 1 < len(named) else len(lower)
        if _stands_behind(clauses, first, at):
            yield kin, start, at + 1
            floor = at + 1
            continue
        stop = at + 1
        while stop < following and not _ends(clauses, at, stop):
            stop += 1
        if stop == following < len(lower):
            stop = _before_the_next(clauses, at, following)
        yield kin, first, stop
        floor = stop


def _before_the_next(clauses: Clauses, at: int, following: int) -> int:
    """Where one relative's part ends before the next one's: at the last comma or *and* between them."""
    first, _ = _whole_name(clauses, following, clauses.words.lower[following])
    if _stands_behind(clauses, first, following):
        marks = [i for i in range(at + 1, first) if clauses.gaps[i] or clauses.words.lower[i] == "and"]
        return marks[-1] if marks else first
    return first


def _is_kin(clauses: Clauses, at: int) -> bool:
    lower = clauses.words.lower
    if lower[at] not in _names():
        return False
    behind = lower[at + 1] if at + 1 < len(lower) and not clauses.gaps[at + 1] else ""
    if behind not in table("kin")["only_before"].get(lower[at], (behind,)):
        return False
    before = at - 1
    while (
        before >= 0
        and (lower[before] in _words()["fillers"] or lower[before] in _SIDES)
        and not clauses.gaps[before + 1]
    ):
        before -= 1
    ahead = lower[before] if before >= 0 and not clauses.gaps[before + 1] else ""
    if lower[at] in ("family", "familial"):
        return behind in _words()["of_family"] or ahead == "in"
    tells = stem(behind) in _words()["tells"]
    if tells or (ahead in _words()["beside"] and behind not in ("who", "whose", "with", "has", "had")):
        return ahead == "and" and not tells
    return True


def _whole_name(clauses: Clauses, at: int, word: str) -> tuple[int, Kin]:
    lower = clauses.words.lower
    side = next((lower[i] for i in (at - 1, at - 2) if i >= 0 and lower[i] in _SIDES), "")
    first = at
    while (
        first > 0
        and not clauses.gaps[first]
        and (lower[first - 1] in _words()["fillers"] or lower[first - 1] in _SIDES)
    ):
        first -= 1
    return first, Kin(_names()[word], side)


def _stands_behind(clauses: Clauses, first: int, at: int) -> bool:
    """Whether the relative is named after the finding: *in her mother*, *(father)*, *on the mother's side*."""
    if clauses.gaps[first] == OPEN and clauses.closes.get(first) == at + 1:
        return True
    return bool(first) and not clauses.gaps[first] and clauses.words.lower[first - 1] in ("in", "on", "of", "among")


def _ends(clauses: Clauses, at: int, stop: int) -> bool:
    if clauses.gaps[stop] == END:
        words = clauses.words
        led_on = stop == at + 1 and words.text[words.ends[at] : words.starts[stop]].strip() in (":", "-", "–")
        return not led_on
    return (
        clauses.words.lower[stop] in _words()["own"] and clauses.words.lower[stop - 1] in ("but", "and", "the", "while")
    ) or (clauses.words.lower[stop] in ("patient", "pt"))
