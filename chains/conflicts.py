"""Places of the chart that cannot both be true, each shown with both sides."""

from collections.abc import Mapping, Sequence

from chains.citations import Citer
from core.records import Citation, Conflict, FactKind, Sentence
from extraction.timeline import ResolvedFact, TimedFact

_WORDING = {
    FactKind.ALLERGY: ("allergy_listed_and_denied", "The chart both lists and denies this: allergy to {name}."),
    FactKind.DRUG: ("drug_disagreement", "The chart disagrees about {name}."),
    FactKind.PROBLEM: ("problem_disagreement", "The chart disagrees about {name}."),
    FactKind.RESULT: ("result_disagreement", "The chart holds two values of {name} for one time."),
    FactKind.CODE_STATUS: ("code_status_disagreement", "The chart disagrees about the code status."),
    FactKind.DEVICE: ("device_disagreement", "The chart disagrees about {name}."),
}
_TAKEN_BACK = ("allergy_taken_back", "An allergy to {name} was listed and later taken back.")


def conflicts_in(
    resolved: Sequence[ResolvedFact], citer: Citer, sentences: Mapping[tuple[str, int], Sentence]
) -> tuple[Conflict, ...]:
    """A conflict for every fact that the resolver could not settle, and for every allergy that was taken back.

    A correction settles what holds, but nobody can tell a false one from a true one: of an allergy both sides stay.
    """
    return tuple(
        _conflict(fact, citer, sentences) for fact in resolved if fact.state == "conflict" or _taken_back(fact)
    )


def _taken_back(fact: ResolvedFact) -> bool:
    return fact.kind is FactKind.ALLERGY and fact.state == "resolved" and fact.previous is not None


def _conflict(resolved: ResolvedFact, citer: Citer, sentences: Mapping[tuple[str, int], Sentence]) -> Conflict:
    kind, wording = _TAKEN_BACK if _taken_back(resolved) else _WORDING[resolved.kind]
    if resolved.kind is FactKind.ALLERGY and resolved.name == "none":
        wording = "One note lists allergies, a later one says that there are none."
    sides = [resolved.latest] + ([resolved.previous] if resolved.previous else [])
    citations = tuple(_cite(side, citer, sentences) for side in sides)
    return Conflict(kind, wording.format(name=resolved.name), citations)


def _cite(mention: TimedFact, citer: Citer, sentences: Mapping[tuple[str, int], Sentence]) -> Citation:
    return citer.cite_sentence(sentences[mention.fact.note_id, mention.fact.sentence])
