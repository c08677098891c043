"""No drug and no problem that the cited words do not name."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TypeAlias

from chains.verification.carried import named_stems
from chains.verification.claim import Claim, Refusal
from chains.verification.reading import content_stems, reading_of, spelled_out
from core.records import SectionKind
from extraction.drugs import DrugMention, find_drugs
from extraction.lexicon import allergen_phrases
from extraction.problems import ProblemMention, find_problems, problem_facts
from extraction.words import Match, Words

_Mention: TypeAlias = DrugMention | ProblemMention | Match[str]


def names_are_cited(claim: Claim) -> Refusal | None:
    """Refuses a text that names a drug or a problem which none of the cited sentences names.

    Synonyms are allowed (HTN for hypertension), and so are the words of a more special name (*bleeding* of
    *gastrointestinal bleeding*).
    """
    given = "\n".join(spelled_out(part) for e in claim.cited for part in (e.context, e.citation.section))
    given += "\n" + claim.contexts
    carried = reading_of(claim.contexts).stems | named_stems(claim)
    text = spelled_out(claim.text)
    for find, code in _FINDERS:
        known = {name for name, _, _ in _found(find, given)}
        for name, start, end in _found(find, text):
            if name not in known and not carried.issuperset(content_stems(text[start:end])):
                return Refusal(code, "it named something that the lines do not name")
    stated = {name for e in claim.cited for name in _problems(spelled_out(e.context), e.kind)}
    if _problems(text, SectionKind.OTHER) & {name for name, _, _ in _found(find_problems, given)} - stated:
        return Refusal("unsupported_problem", "it made a problem of what the lines only name")
    return None


def _allergens(text: str) -> Iterator[Match[str]]:
    yield from allergen_phrases().find(Words.of(text))


@lru_cache(maxsize=8192)
def _found(find: Callable[[str], Iterable[_Mention]], text: str) -> tuple[tuple[str, int, int], ...]:
    """What is named in a text, with its place."""
    return tuple((_name(m), m.start, m.end) for m in find(text))


@lru_cache(maxsize=8192)
def _problems(text: str, kind: SectionKind) -> frozenset[str]:
    return frozenset(fact.name for fact in problem_facts(text, Words.of(text), kind))


def _name(mention: _Mention) -> str:
    return mention.value if isinstance(mention, Match) else mention.name


_FINDERS: tuple[tuple[Callable[[str], Iterable[_Mention]], str], ...] = (
    (find_drugs, "unsupported_drug"),
    (_allergens, "unsupported_drug"),
    (find_problems, "unsupported_problem"),
)


@lru_cache(maxsize=8192)
def agents(text: str) -> frozenset[str]:
    """Drugs and allergens that a text names."""
    return frozenset(name for find in (find_drugs, _allergens) for name, _, _ in _found(find, text))
