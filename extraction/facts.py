"""All facts of a note, sentence by sentence."""

from collections.abc import Iterator, Sequence

from core.records import Fact, FactKind, Note, SectionKind, Sentence
from extraction.allergies import allergy_facts
from extraction.drugs import drug_facts
from extraction.words import Words


def extract_facts(note: Note, sentences: Sequence[Sentence]) -> tuple[Fact, ...]:
    """Every mention of a drug, allergy, problem, result, code status or device in the note's sentences.

    Facts come in the order of the text; their offsets count code points of `note.text`. What is denied, possible, past
    or a relative's is kept, with its assertion: the reader of a fact decides what it is good for.
    """
    found: list[Fact] = []
    for sentence in sentences:
        text = note.text[sentence.start : sentence.end]
        found.extend(sorted(_facts_of(note, sentence, text), key=lambda f: (f.start, f.end)))
    return tuple(found)


def _facts_of(note: Note, sentence: Sentence, text: str) -> Iterator[Fact]:
    words = Words.of(text)
    base = sentence.start

    def fact(kind: FactKind, name: str, start: int, end: int, **rest: object) -> Fact:
        return Fact(kind, name, note.note_id, sentence.ordinal, base + start, base + end, **rest)  # type: ignore[arg-type]

    allergies = allergy_facts(text, words, sentence.kind)
    for a in allergies:
        yield fact(
            FactKind.ALLERGY, a.name, a.start, a.end, assertion=a.assertion, action=a.action, reaction=a.reaction
        )
    if sentence.kind is not SectionKind.ALLERGIES:
        for d in drug_facts(text, words, sentence.kind, sentence.heading):
            if any(a.start <= d.start < a.end for a in allergies):
                continue
            yield fact(
                FactKind.DRUG, d.name, d.start, d.end, assertion=d.assertion, action=d.action,
                dose=d.dose, route=d.route, frequency=d.frequency,
            )  # fmt: skip
