"""A value must belong to the measure the cited words give it for, and a reaction to its allergen."""

import re
from functools import lru_cache

from chains.verification.carried import known_stems
from chains.verification.claim import Claim, Refusal
from chains.verification.items import items_of
from chains.verification.quantities import prepared
from chains.verification.reading import content_stems, spelled_out
from core.records import SectionKind
from extraction.allergies import allergy_facts
from extraction.dosing import NUMBER, canonical_number
from extraction.results import result_facts
from extraction.words import Words

_MEASURE = Refusal("unsupported_measure", "it named a measure that the lines do not name")
_NUMBER = re.compile(NUMBER)
_LINE = re.compile(r";|\.\s|\n")
_NEAR = 24
_TWO_NAMES = re.compile(r"\s*/\s*")
# What a value itself shows, so that the name may be added: 120/80 is a blood pressure, 98% on room air a saturation.
_SHOWN_BY = {
    "blood pressure": re.compile(r"(?<!\d)\d{2,3}/\d{2,3}(?!\d)"),
    "oxygen saturation": re.compile(r"\d\s?%|\b(?:oxygen|room air|RA|hypox\w+|sat\w*)\b", re.IGNORECASE),
    "temperature": re.compile(r"\b(?:3[4-9]|4[01]|9\d|10\d)\.\d|\b(?:fever|febrile|afebrile|T\s?\d)", re.IGNORECASE),
    "heart rate": re.compile(r"\b(?:tachycard\w+|bradycard\w+|pulse|rate|bpm|P \d)", re.IGNORECASE),
    "respiratory rate": re.compile(r"\b(?:R \d|tachypn\w+|breaths?|rate)\b", re.IGNORECASE),
    "weight": re.compile(r"\b(?:kg|lbs?|pounds?|kilograms?|weigh\w*)\b", re.IGNORECASE),
    "visual acuity": re.compile(r"\b20/\d{2,3}\b"),
    "glucose": re.compile(r"\b(?:sugars?|glyc\w+|BS|FS\w*|diabet\w+)\b", re.IGNORECASE),
}


def results_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a result whose value the cited sentences give for another measure and not for this one.

    A measure has all numbers between its name and the next one's, `ALT 165 -> 71` both of them.
    """
    given = _ranges(claim.contexts)
    taken = {value for values in given.values() for value in values}
    for name, value in _named_values(claim.text):
        if name in given and value in taken and value not in given[name]:
            return Refusal("result", "a value is not the one that the lines give for that measure")
    for name, value in _results(claim.text):
        if name in given and value not in given[name] and (given[name] or value in taken):
            return Refusal("result", "a value is not the one that the lines give for that measure")
    return None


def measures_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a value told of a measure that no cited sentence names, nor shows by how its values look."""
    named = {i.name for i in items_of(claim.contexts).of("measure")}
    lowered = claim.contexts.lower()
    for name, _ in _results(claim.text):
        shown = _SHOWN_BY.get(name)
        if name in named or name in lowered or (shown and shown.search(claim.contexts)):
            continue
        if not known_stems(claim).issuperset(content_stems(name)):
            return _MEASURE
    return None


def reactions_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a reaction that the cited sentences tell of another allergen."""
    given = {pair for e in claim.cited for pair in _reactions(e.context, e.kind)}
    reacting = {name for name, reaction in given if reaction}
    kind = SectionKind.ALLERGIES if all(e.kind is SectionKind.ALLERGIES for e in claim.cited) else SectionKind.OTHER
    for name, reaction in _reactions(claim.text, kind):
        if reaction and name in reacting and not any(n == name and _alike(reaction, r) for n, r in given):
            return Refusal("reaction", "an allergy is told with another reaction than the lines give")
    return None


def _alike(told: str, given: str) -> bool:
    return bool(set(told.lower().split()) & set(given.lower().split()))


@lru_cache(maxsize=4096)
def _reactions(text: str, kind: SectionKind) -> frozenset[tuple[str, str]]:
    plain = spelled_out(text)
    return frozenset((f.name, f.reaction) for f in allergy_facts(plain, Words.of(plain), kind))


@lru_cache(maxsize=8192)
def _ranges(text: str) -> dict[str, frozenset[str]]:
    """For each measure the numbers between its name and the next one's of its sentence, and one right before it."""
    items = items_of(text)
    measures = items.of("measure")
    found: dict[str, frozenset[str]] = {}
    for i, measure in enumerate(measures):
        end = measures[i + 1].start if i + 1 < len(measures) else len(items.plain)
        if i + 1 < len(measures) and _LINE.search(items.plain, measure.end, end) is None:
            between = items.plain[measure.end : end]
            if _TWO_NAMES.fullmatch(_NUMBER.sub("", between)):
                end = measures[i + 2].start if i + 2 < len(measures) else len(items.plain)
        line = _LINE.search(items.plain, measure.end, end)
        span = items.plain[measure.start : line.start() if line else end]
        before = re.search(rf"({NUMBER})\s?\Z", items.plain[max(0, measure.start - 20) : measure.start])
        values = _values(span)
        if before and not values:
            values = _values(before[1])
        found[measure.name] = found.get(measure.name, frozenset()) | values
    return found


@lru_cache(maxsize=4096)
def _named_values(text: str) -> frozenset[tuple[str, str]]:
    """The first number behind each measure, where no other measure stands between."""
    items = items_of(text)
    measures = items.of("measure")
    found = set()
    for i, measure in enumerate(measures):
        end = measures[i + 1].start if i + 1 < len(measures) else len(items.plain)
        line = _LINE.search(items.plain, measure.end, end)
        number = _NUMBER.search(items.plain, measure.end, line.start() if line else end)
        if number and number.start() - measure.end < _NEAR:
            found.add((measure.name, canonical_number(number.group())))
    return frozenset(found)


def _values(span: str) -> frozenset[str]:
    """All single numbers, and pairs as they stand."""
    pairs = {re.sub(r"\s", "", m.group()) for m in re.finditer(rf"{NUMBER}\s?[/–-]\s?{NUMBER}", span)}
    return frozenset({canonical_number(m.group()) for m in _NUMBER.finditer(span)} | pairs)


@lru_cache(maxsize=4096)
def _results(text: str) -> frozenset[tuple[str, str]]:
    plain = prepared(spelled_out(text))
    facts = result_facts(plain, Words.of(plain), SectionKind.RESULTS)
    return frozenset((f.name, canonical_number(f.value) or f.value.replace(" ", "")) for f in facts)
