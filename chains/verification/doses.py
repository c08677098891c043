"""Every dose and frequency must be the one the cited words give for that drug."""

from chains.verification.claim import Claim, Refusal
from core.records import SectionKind
from extraction.dosing import FREQUENCY, canonical_dose, canonical_frequency
from extraction.drugs import DrugFact, drug_facts
from extraction.words import Words


def doses_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a dose that the cited sentences do not give for the same drug, and a frequency they do not give."""
    if claim.is_verbatim:
        return None
    given = {
        (f.name, canonical_dose(f.dose)) for e in claim.cited for f in _drugs(e.context, e.kind, e.citation.section)
    }
    named = {name for name, _ in given}
    for fact in _drugs(claim.text, SectionKind.OTHER, ""):
        if fact.dose and fact.name in named and (fact.name, canonical_dose(fact.dose)) not in given:
            return Refusal("dose", "a dose is not the one that the lines give for that drug")
    known = {f for e in claim.cited for f in _frequencies(e.context)}
    if _frequencies(claim.text) - known:
        return Refusal("frequency", "it said how often, and the lines say otherwise")
    return None


def _drugs(text: str, kind: SectionKind, heading: str) -> tuple[DrugFact, ...]:
    return drug_facts(text, Words.of(text), kind, heading)


def _frequencies(text: str) -> set[str]:
    return {canonical_frequency(m.group()) for m in FREQUENCY.finditer(text)}
