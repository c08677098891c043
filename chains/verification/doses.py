"""Every dose, route and frequency must be the one the cited words give for that drug."""

from collections.abc import Iterable

from chains.verification.claim import Claim, Refusal
from chains.verification.reading import spelled_out
from core.records import SectionKind
from extraction.dosing import FREQUENCY, ROUTE, canonical_dose, canonical_frequency
from extraction.drugs import DrugFact, drug_facts
from extraction.words import Words

_DOSE = Refusal("dose", "a dose is not the one that the lines give for that drug")
_FREQUENCY = Refusal("frequency", "how often a drug is taken is not as the lines say")
_ROUTE = Refusal("route", "how a drug is given is not as the lines say")
_ROUTES = (
    ("by mouth", ("po", "p.o", "mouth", "oral", "pill", "tablet")),
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
    {"three times weekly", "Monday Wednesday Friday"},
)


def doses_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a dose, a route or a frequency that the cited sentences do not give for the same drug.

    Where a drug stands in the cited words with a frequency, its dose may not be told with another one, nor without the
    "as needed"; a frequency or route that belongs to no drug must stand somewhere in the cited words.
    """
    given = [fact for e in claim.cited for fact in _drugs(e.context, e.kind, e.citation.section)]
    for fact in _drugs(claim.text, SectionKind.OTHER, ""):
        same = [other for other in given if other.name == fact.name]
        if same and fact.dose and canonical_dose(fact.dose) not in {canonical_dose(o.dose) for o in same}:
            return _DOSE
        if same and fact.frequency and not _is_as_often(fact.frequency, [o.frequency for o in same]):
            return _FREQUENCY
        if (
            same
            and fact.route
            and {_route(fact.route)}.isdisjoint({_route(o.route) for o in same if o.route} or {_route(fact.route)})
        ):
            return _ROUTE
    if _unknown(_frequencies(claim.text), {f for e in claim.cited for f in _frequencies(e.context)}):
        return _FREQUENCY
    if _routes(claim.text) - {r for e in claim.cited for r in _routes(e.context)}:
        return _ROUTE
    return None


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


def _unknown(told: set[str], given: set[str]) -> set[str]:
    same = {f for row in _SAME_RATE if row & given for f in row}
    return told - given - same - _SELDOM


def _drugs(text: str, kind: SectionKind, heading: str) -> tuple[DrugFact, ...]:
    plain = spelled_out(text)
    return drug_facts(plain, Words.of(plain), kind, heading)


def _frequencies(text: str) -> set[str]:
    return {canonical_frequency(m.group()) for m in FREQUENCY.finditer(spelled_out(text))} - {""}


def _route(words: str) -> str:
    lowered = words.lower()
    return next((name for name, starts in _ROUTES if lowered.startswith(starts)), lowered)


def _routes(text: str) -> set[str]:
    return {_route(m.group()) for m in ROUTE.finditer(spelled_out(text))}
