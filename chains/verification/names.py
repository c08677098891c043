"""No drug and no problem that the cited words do not name."""

from chains.verification.claim import Claim, Refusal
from chains.wording import content_words
from core.records import SectionKind
from extraction.drugs import find_drugs
from extraction.problems import find_problems, problem_facts
from extraction.words import Words


def names_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a text that names a drug or a problem which none of the cited sentences names.

    Synonyms are allowed (HTN for hypertension), and so are the words of a more special name (*bleeding* of
    *gastrointestinal bleeding*).
    """
    given = "\n".join(f"{e.context}\n{e.citation.section}" for e in claim.cited)
    carried = frozenset(content_words(given))
    for find, code in ((find_drugs, "unsupported_drug"), (find_problems, "unsupported_problem")):
        known = {m.name for m in find(given)}
        for mention in find(claim.text):
            if mention.name not in known and not carried.issuperset(
                content_words(claim.text[mention.start : mention.end])
            ):
                return Refusal(code, "it named something that the lines do not name")
    stated = {name for e in claim.cited for name in _problems(e.context, e.kind)}
    if _problems(claim.text, SectionKind.OTHER) & {m.name for m in find_problems(given)} - stated:
        return Refusal("unsupported_problem", "it made a problem of what the lines only name")
    return None


def _problems(text: str, kind: SectionKind) -> set[str]:
    return {fact.name for fact in problem_facts(text, Words.of(text), kind)}
