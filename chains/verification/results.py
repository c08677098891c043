"""A value must belong to the measure the cited words give it for, and a reaction to its allergen."""

from chains.verification.claim import Claim, Refusal
from chains.verification.reading import spelled_out
from core.records import SectionKind
from extraction.allergies import allergy_facts
from extraction.results import result_facts
from extraction.words import Words


def results_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a result whose value the cited sentences give for another measure and not for this one."""
    given = {pair for e in claim.cited for pair in _results(e.context)}
    measured = {name for name, _ in given}
    taken = {value for _, value in given}
    for name, value in _results(claim.text) - given:
        if name in measured or value in taken:
            return Refusal("result", "a value is not the one that the lines give for that measure")
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


def _reactions(text: str, kind: SectionKind) -> set[tuple[str, str]]:
    plain = spelled_out(text)
    return {(f.name, f.reaction) for f in allergy_facts(plain, Words.of(plain), kind)}


def _results(text: str) -> set[tuple[str, str]]:
    plain = spelled_out(text)
    return {(fact.name, fact.value) for fact in result_facts(plain, Words.of(plain), SectionKind.RESULTS)}
