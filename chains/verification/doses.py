"""Every dose and frequency must be the one the cited words give for that drug."""

from chains.verification.claim import Claim, Refusal
from core.records import SectionKind
from extraction.dosing import FREQUENCY, canonical_dose, canonical_frequency
from extraction.drugs import DrugFact, drug_facts
from extraction.words import Words


def doses_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a dose or a frequency that the cited sentences do not give for the same drug.

    Where a drug stands in the cited words with a frequency, its dose may not be told with another one; a frequency
    that belongs to no drug must stand somewhere in the cited words.
    """
    given = [fact for e in claim.cited for fact in _drugs(e.context, e.kind, e.citation.section)]
    for fact in _drugs(claim.text, SectionKind.OTHER, ""):
        same = [other for other in given if other.name == fact.name]
        if same and fact.dose and canonical_dose(fact.dose) not in {canonical_dose(o.dose) for o in same}:
            return Refusal("dose", "a dose is not the one that the lines give for that drug")
        if same and fact.frequency and _often(fact) not in {_often(o) for o in same}:
            return Refusal("frequency", "how often a drug is taken is not as the lines say")
    known = {f for e in claim.cited for f in _frequencies(e.context)}
    if _frequencies(claim.text) - known:
        return Refusal("frequency", "it said how often, and the lines say otherwise")
    return None


def _often(fact: DrugFact) -> str:
    return canonical_frequency(fact.frequency)


def _drugs(text: str, kind: SectionKind, heading: str) -> tuple[DrugFact, ...]:
    return drug_facts(text, Words.of(text), kind, heading)


def _frequencies(text: str) -> set[str]:
    return {canonical_frequency(m.group()) for m in FREQUENCY.finditer(text)}
