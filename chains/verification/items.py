"""What a text speaks of by kind: numbers, dates, frequencies, drugs, measures, findings, people, sites and sides."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from chains.verification.quantities import numbers_in, prepared
from chains.verification.reading import Concept, reading_of
from extraction.dates import find_dates
from extraction.dosing import FREQUENCY, canonical_frequency
from extraction.lexicon import drug_phrases
from extraction.problems import find_problems
from extraction.results import find_analytes
from extraction.words import Words

_CONCEPTS = frozenset({"relative", "site", "specialty", "procedure", "test", "when", "organism", "severity", "acuity"})
_DIMENSION = {
    **dict.fromkeys(("day", "week", "month", "year", "hour", "minute"), "time"),
    **dict.fromkeys(("mm", "cm"), "length"),
    **dict.fromkeys(("mcg", "mg", "g"), "mass"),
}  # fmt: skip
_SIDE = re.compile(
    r"\b(?P<word>left|right|both|bilateral)\b|(?<![\w.])(?<!\d\s)(?P<letter>[LR])(?=\s*[<>]|[\s-]+[a-z])"
)
_ORDERS = {"before": "before", "prior to": "before", "after": "after", "following": "after", "until": "until"}
_ORDER = re.compile(r"\b(?:before|prior to|after|following|until)\b", re.IGNORECASE)
_LEVEL = re.compile(r"\b[CTLS]\d{1,2}(?:\s?[-–/]\s?[CTLS]?\d{1,2})?\b")
_SIDES = {"l": "left", "r": "right", "bilateral": "both"}


@dataclass(frozen=True, slots=True)
class Item:
    """A number, drug, finding or the like: `kind` says with what it could be exchanged. Places are of `Items.plain`."""

    kind: str
    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Items:
    """A text with its figures in one spelling, and what it speaks of."""

    plain: str
    found: tuple[Item, ...]

    def of(self, kind: str) -> tuple[Item, ...]:
        """Those of one kind, in order."""
        return tuple(i for i in self.found if i.kind == kind)


@lru_cache(maxsize=8192)
def items_of(text: str) -> Items:
    """Read a text's items. A finding holds the qualifiers that are part of its name."""
    plain = prepared(reading_of(text).plain)
    return Items(plain, tuple(_items(text, plain)))


def _items(text: str, plain: str) -> Iterator[Item]:
    for often in FREQUENCY.finditer(plain):
        if name := canonical_frequency(often.group()):
            yield Item("frequency", name, often.start(), often.end())
    for number in numbers_in(reading_of(text).plain):
        unit = _DIMENSION.get(number.unit, number.unit)
        name = f"{number.value} {number.unit}" if unit != number.unit else number.value
        yield Item(f"number {unit}", name, number.start, number.end)
    for day in find_dates(plain):
        yield Item("date", day.value, day.start, day.end)
    for drug in drug_phrases().find(Words.of(plain)):
        yield Item("drug", drug.value, drug.start, drug.end)
    for measure in find_analytes(plain):
        yield Item("measure", measure.value, measure.start, measure.end)
    problems = find_problems(plain)
    for problem in problems:
        yield Item("finding", problem.name, problem.start, problem.end)
    for concept in _concepts(text, plain):
        if concept.group == "site" or not any(p.start <= concept.start < p.end for p in problems):
            kind = "finding" if concept.group == "symptom" else concept.group
            yield Item(kind, concept.name, concept.start, concept.end)
    for order in _ORDER.finditer(plain):
        yield Item("order", _ORDERS[order.group().lower()], *order.span())
    for level in _LEVEL.finditer(plain):
        yield Item("level", level.group().replace(" ", ""), level.start(), level.end())
    for side in _SIDE.finditer(plain):
        written = side.group().lower()
        yield Item("side", _SIDES.get(written, written), *side.span())


def _concepts(text: str, plain: str) -> Iterator[Concept]:
    reading = reading_of(text) if reading_of(text).plain == plain else reading_of(plain)
    if reading.plain == plain:
        yield from (c for c in reading.concepts if c.group in _CONCEPTS or c.group == "symptom")
