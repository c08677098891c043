"""A value must belong to the measure the cited words give it for."""

from chains.verification.claim import Claim, Refusal
from core.records import SectionKind
from extraction.results import result_facts
from extraction.words import Words


def results_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a result whose value the cited sentences do not give for the same measure."""
    given = {pair for e in claim.cited for pair in _results(e.context)}
    if _results(claim.text) - given:
        return Refusal("result", "a value is not the one that the lines give for that measure")
    return None


def _results(text: str) -> set[tuple[str, str]]:
    return {(fact.name, fact.value) for fact in result_facts(text, Words.of(text), SectionKind.RESULTS)}
