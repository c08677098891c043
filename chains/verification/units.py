"""What a text speaks of, one unit after another: findings, drugs, deeds by their names, other words by their stems."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from chains.verification.clauses import bounds
from chains.verification.reading import bare_stem, carried_by, content_stems, reading_of
from chains.verification.scopes import Reach
from chains.verification.signs import PLACES, ROUND_SURGERY, SIGNS, Signs, signs_of
from chains.wording import STOPWORDS
from extraction.drugs import find_drugs
from extraction.problems import find_problems

_BEARERS = frozenset({"symptom", "procedure", "test", "substance", "event", "organism", "setting", "specialty"})
_SAME_ROOT = 4


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing named: `name` is canonical where it is a finding, and the stem of the word otherwise.

    `head` is the stem of its last word, `first` and `last` are its words, `clause` is the first word of its clause;
    `reaches` tells for each of `SIGNS` whether it stands under it.
    """

    name: str
    group: str
    stems: frozenset[str]
    head: str
    first: int
    last: int
    clause: int
    reaches: tuple[Reach, ...]

    @property
    def is_finding(self) -> bool:
        """Whether it is known by name: a problem, drug, symptom, test, procedure or the like."""
        return self.group != "word"

    def reach(self, sign: str) -> Reach:
        """Whether the unit stands under a sign."""
        return self.reaches[PLACES[sign]]


@lru_cache(maxsize=4096)
def units_of(text: str) -> tuple[Unit, ...]:
    """The units of a text in order, each word in one of them at most. Remembered."""
    plain = reading_of(text).plain
    signs = signs_of(plain)
    words = signs.clauses.words
    named = _named(plain)
    found: list[Unit] = []
    at = 0
    while at < len(words.lower):
        first = at
        span = next(((n, g, a, b) for n, g, a, b in named if a <= words.starts[at] < b), None)
        if span is not None:
            name, group, start, end = span
            while at + 1 < len(words.lower) and words.starts[at + 1] < end:
                at += 1
            stems = content_stems(plain[start:end])
            head = stems[-1] if stems else ""
            reaches = tuple(signs.of(s, at) for s in SIGNS)
            if found and found[-1].name == name and found[-1].last == first - 1:
                found.pop()
            found.append(Unit(name, group, frozenset(stems), head, first, at, signs.clauses.start(at), reaches))
            found += [u for i in range(first, at) if (u := _participle(words.lower[i], i, signs))]
        elif at not in signs.cued and (unit := _plain_unit(words.lower[at], at, signs)):
            found.append(unit)
        at += 1
    return tuple(found)


def _plain_unit(word: str, at: int, signs: Signs) -> Unit | None:
    base, turned = bare_stem(word)
    if (
        word.startswith(ROUND_SURGERY)
        or word in STOPWORDS
        or word[0].isdigit()
        or len(word) < 2
        or base in bounds()["saying"]
    ):
        return None
    reaches = tuple(signs.of(s, at) for s in SIGNS)
    if turned:
        reaches = (Reach(Reach.WITHIN - reaches[0]), *reaches[1:])
    return Unit(base, "word", frozenset({base}), base, at, at, signs.clauses.start(at), reaches)


def _participle(word: str, at: int, signs: Signs) -> Unit | None:
    """*Unwitnessed* in the name *unwitnessed fall* may be turned by itself."""
    return _plain_unit(word, at, signs) if word.endswith("ed") else None


def _named(plain: str) -> Sequence[tuple[str, str, int, int]]:
    """Name, group and place of what is known by name; the longest where names overlap."""
    found = [(m.name, "problem", m.start, m.end) for m in find_problems(plain)]
    found += [(m.name, "drug", m.start, m.end) for m in find_drugs(plain)]
    found += [(c.name, c.group, c.start, c.end) for c in reading_of(plain).concepts if c.group in _BEARERS]
    kept: list[tuple[str, str, int, int]] = []
    for span in sorted(found, key=lambda s: (s[2] - s[3], s[2])):
        if not any(span[2] < b and a < span[3] for _, _, a, b in kept):
            kept.append(span)
    return kept


def by_name(units: Iterable[Unit]) -> Mapping[str, list[Unit]]:
    """Units under their names and stems."""
    found: dict[str, list[Unit]] = {}
    for unit in units:
        for key in unit.stems:
            found.setdefault(key, []).append(unit)
        if unit.name not in unit.stems:
            found.setdefault(unit.name, []).append(unit)
    return found


def same_things(unit: Unit, others: Mapping[str, list[Unit]]) -> list[Unit]:
    """Units of `others`, as `by_name` lists them, that speak of the same thing."""
    if unit.is_finding and (named := [u for u in others.get(unit.name, ()) if u.name == unit.name and u.is_finding]):
        return named
    found = {id(u): u for s in unit.stems for u in others.get(s, ()) if u.stems == unit.stems}
    if found:
        return list(found.values())
    alike = {id(u): u for s in carried_by(unit.stems) for u in others.get(s, ()) if _may_stand_for(unit, u)}
    if alike or unit.is_finding:
        return list(alike.values())
    return [u for u in others.get(unit.head, ()) if u.is_finding and u.head == unit.head] or _of_the_root(unit, others)


def _of_the_root(unit: Unit, others: Mapping[str, list[Unit]]) -> list[Unit]:
    """Plain words of which one is the other with an ending: *agree* and *agreeable*."""
    return [
        u
        for key in others
        if key[:_SAME_ROOT] == unit.head[:_SAME_ROOT] and (key.startswith(unit.head) or unit.head.startswith(key))
        for u in others[key]
        if not u.is_finding and u.head == key
    ]


def _may_stand_for(one: Unit, other: Unit) -> bool:
    """Synonyms of one word: of the same kind, or of the same root (*recurred*, *recurrence*)."""
    if len(one.stems) != 1 or len(other.stems) != 1:
        return False
    if one.is_finding and other.is_finding:
        return one.group == other.group
    (a,), (b,) = one.stems, other.stems
    return a[:_SAME_ROOT] == b[:_SAME_ROOT]
