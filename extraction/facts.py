"""All facts of a note, sentence by sentence."""

from collections.abc import Iterator, Sequence

from core.records import Fact, FactKind, Note, SectionKind, Sentence
from extraction.allergies import allergy_facts
from extraction.drugs import drug_facts
from extraction.problems import problem_facts
from extraction.results import result_facts
from extraction.status import code_status_facts, device_facts
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
    discharge = note.note_type == "DS" or "discharge" in note.note_type.lower()

    def fact(kind: FactKind, name: str, start: int, end: int, **rest: object) -> Fact:
        return Fact(kind, name, note.note_id, sentence.ordinal, base + start, base + end, **rest)  # type: ignore[arg-type]

    allergies = allergy_facts(text, words, sentence.kind)
    for a in allergies:
        yield fact(
            FactKind.ALLERGY, a.name, a.start, a.end, assertion=a.assertion, action=a.action, reaction=a.reaction
        )
    if sentence.kind is not SectionKind.ALLERGIES:
        for d in drug_facts(text, words, sentence.kind, sentence.heading, in_discharge=discharge):
            if any(a.start <= d.start < a.end for a in allergies):
                continue
            yield fact(
                FactKind.DRUG, d.name, d.start, d.end, assertion=d.assertion, action=d.action,
                dose=d.dose, route=d.route, frequency=d.frequency,
            )  # fmt: skip
    allergic = [(a.start, a.end) for a in allergies]
    for p in problem_facts(text, words, sentence.kind):
        if sentence.kind is not SectionKind.ALLERGIES and not any(a <= p.start < b for a, b in allergic):
            yield fact(FactKind.PROBLEM, p.name, p.start, p.end, assertion=p.assertion, action=p.action)
    for r in result_facts(text, words, sentence.kind):
        yield fact(FactKind.RESULT, r.name, r.start, r.end, assertion=r.assertion, value=r.value, unit=r.unit)
    for c in code_status_facts(text, words, sentence.kind):
        yield fact(FactKind.CODE_STATUS, c.name, c.start, c.end, assertion=c.assertion, action=c.action)
    for v in device_facts(text, words, sentence.kind):
        yield fact(FactKind.DEVICE, v.name, v.start, v.end, assertion=v.assertion, action=v.action)
