"""Every dose, route and frequency must be the one the cited words give for that drug."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

from chains.verification.claim import Claim, Refusal
from chains.verification.items import items_of
from chains.verification.quantities import prepared
from chains.verification.reading import spelled_out
from core.records import SectionKind
from extraction.dosing import DOSE, FREQUENCY, NUMBER, ROUTE, canonical_dose, canonical_frequency, canonical_number
from extraction.drugs import DrugFact, drug_facts
from extraction.words import Words

_DOSE = Refusal("dose", "a dose is not the one that the lines give for that drug")
_FREQUENCY = Refusal("frequency", "how often a drug is taken is not as the lines say")
_ROUTE = Refusal("route", "how a drug is given is not as the lines say")
_ROUTES = (
    ("by mouth", ("po", "p.o", "mouth", "oral", "pill", "tablet", "by mouth")),
    ("intravenous", ("iv", "i.v", "intraven", "drip")),
    ("intramuscular", ("im", "i.m", "intramusc")),
    ("subcutaneous", ("sc", "sq", "s.c", "s.q", "subq", "sub-q", "subcut")),
    ("sublingual", ("sl", "s.l", "subling")),
    ("inhaled", ("inh", "ih", "neb", "via neb")),
    ("topical", ("topic", "transderm")),
    ("rectal", ("pr", "p.r", "rectal")),
    ("nasal", ("intranas", "nasal")),
    ("ophthalmic", ("ophthal",)),
    ("intrathecal", ("intrathec",)),
    ("by tube", ("per g", "via g", "per ng")),
)
_SELDOM = frozenset({"once", "continuous"})
_SAME_RATE = (
    {"nightly", "every evening"},
    {"daily", "every 24 hours"},
    {"twice daily", "every 12 hours"},
    {"three times daily", "every 8 hours"},
    {"four times daily", "every 6 hours"},
    {"weekly", "every 7 days"},
    {"every other day", "every 48 hours"},
    {"three times weekly", "Monday Wednesday Friday"},
)
_LINE = re.compile(r";|(?<!\d)\.\s|\n")
_NUMBER = re.compile(NUMBER)
_DEVICE = re.compile(r"\s+(?:cannula|prongs?|cavity|trumpet|airway|mucosa|temperature)\b", re.IGNORECASE)
_LASTS = re.compile(
    r"\b(?:for|in|within|after|over|about|past|last|than|x|every)\s+(?:about |almost |nearly )?\Z", re.IGNORECASE
)


def doses_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a dose, a route or a frequency that the cited sentences do not give for the same drug.

    A drug has the doses and frequencies between its name and the next drug's. Its dose may not be told without the "as
    needed"; a frequency or route that belongs to no drug must stand somewhere in the cited words.
    """
    given = [fact for e in claim.cited for fact in _drugs(e.context, e.kind, e.citation.section)]
    for fact in _drugs(claim.text, SectionKind.OTHER, ""):
        same = [other for other in given if other.name == fact.name]
        if same and (refusal := _of_the_drug(fact, same, claim)):
            return refusal
    if _unknown(_frequencies(claim.text), {f for e in claim.cited for f in _frequencies(e.context)}):
        return _FREQUENCY
    if _routes(claim.text) - {r for e in claim.cited for r in _routes(e.context)}:
        return _ROUTE
    return None


def lists_keep_their_frequencies(claim: Claim) -> Refusal | None:
    """Refuses *apixaban 5 mg and atorvastatin 80 mg twice daily* where one of them is taken less or more often.

    In a list the last frequency is read of all drugs before it that have a dose and none of their own.
    """
    given = [fact for e in claim.cited for fact in _drugs(e.context, e.kind, e.citation.section)]
    facts = _drugs(claim.text, SectionKind.OTHER, "")
    plain = prepared(spelled_out(claim.text))
    for one, after in pairwise(facts):
        between = plain[one.end : after.start]
        if one.dose and not one.frequency and after.frequency and re.fullmatch(r"\W*(?:and\W*)?", between):
            often = [o.frequency for o in given if o.name == one.name and o.frequency]
            if often and not _is_as_often(after.frequency, often):
                return _FREQUENCY
    return None


def _of_the_drug(fact: DrugFact, same: list[DrugFact], claim: Claim) -> Refusal | None:
    regions = _regions(claim.contexts).get(fact.name, "")
    doses = {canonical_dose(o.dose) for o in same} | _doses(regions)
    if fact.dose and canonical_dose(fact.dose) not in doses and not _shares_its_unit(canonical_dose(fact.dose), doses):
        return _DOSE
    if fact.frequency and not _LASTS.search(claim.text.split(fact.frequency)[0]):
        often = [*(o.frequency for o in same), *_times(regions)]
        if not _is_as_often(fact.frequency, often):
            return _FREQUENCY
    routes = {_route(o.route) for o in same if o.route}
    if (
        fact.route
        and routes
        and _route(fact.route) not in routes | _routes(_regions(claim.contexts, behind=True).get(fact.name, ""))
    ):
        return _ROUTE
    return None


@lru_cache(maxsize=4096)
def _regions(text: str, *, behind: bool = False) -> dict[str, str]:
    """For each drug the words from its name to the next drug's, within its line; with `behind` those before it too."""
    items = items_of(text)
    drugs = items.of("drug")
    found: dict[str, str] = {}
    for i, drug in enumerate(drugs):
        later = next((d.start for d in drugs[i + 1 :] if d.name != drug.name), len(items.plain))
        line = _LINE.search(items.plain, drug.end, later)
        region = items.plain[drug.start : line.start() if line else later]
        if behind:
            region = items.plain[drugs[i - 1].end if i else 0 : drug.start] + region
        found[drug.name] = f"{found.get(drug.name, '')}\n{region}"
    return found


def _doses(region: str) -> set[str]:
    """All doses of a region; a number without a unit is one as well, since notes leave them out."""
    return {canonical_dose(m.group()) for m in DOSE.finditer(region)} | {
        canonical_number(m.group()) for m in _NUMBER.finditer(region)
    }


def _shares_its_unit(dose: str, doses: set[str]) -> bool:
    """Whether the number stands in the region and its unit at another number, as in *from 0.12 to 0.04 mcg/kg/min*."""
    value, _, unit = dose.partition(" ")
    return value in doses and any(other.partition(" ")[2] == unit for other in doses)


def _times(region: str) -> Iterator[str]:
    """Each frequency of a region, by itself and with the "as needed" behind it."""
    found = [m.group() for m in FREQUENCY.finditer(region)]
    needed = any(canonical_frequency(f) == "as needed" for f in found)
    for often in found:
        yield f"{often} as needed" if needed else often


def _is_as_often(told: str, given: Iterable[str]) -> bool:
    parts = _parts(canonical_frequency(told))
    return any(_alike(parts, _parts(canonical_frequency(other))) for other in given)


def _alike(told: frozenset[str], given: frozenset[str]) -> bool:
    return (
        told == given
        or (given <= told and not told - given - {"once"})
        or any(told & row and given & row and not (told ^ given) - row for row in _SAME_RATE)
    )


def _parts(canonical: str) -> frozenset[str]:
    needed = canonical.endswith("as needed")
    often = canonical.removesuffix("as needed").strip()
    return frozenset({*([often] if often else ()), *(["as needed"] if needed else ())})


def _unknown(told: frozenset[str], given: set[str]) -> frozenset[str]:
    same = {f for row in _SAME_RATE if row & given for f in row}
    return told - given - same - _SELDOM


@lru_cache(maxsize=4096)
def _drugs(text: str, kind: SectionKind, heading: str) -> tuple[DrugFact, ...]:
    plain = prepared(spelled_out(text))
    return drug_facts(plain, Words.of(plain), kind, heading)


@lru_cache(maxsize=4096)
def _frequencies(text: str) -> frozenset[str]:
    plain = prepared(spelled_out(text))
    found = (canonical_frequency(m.group()) for m in FREQUENCY.finditer(plain) if not _LASTS.search(plain[: m.start()]))
    return frozenset(found) - {""}


def _route(words: str) -> str:
    lowered = words.lower()
    return next((name for name, starts in _ROUTES if lowered.startswith(starts)), lowered)


@lru_cache(maxsize=4096)
def _routes(text: str) -> frozenset[str]:
    plain = spelled_out(text)
    return frozenset(_route(m.group()) for m in ROUTE.finditer(plain) if not _DEVICE.match(plain, m.end()))
