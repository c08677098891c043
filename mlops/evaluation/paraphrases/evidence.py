"""A case as the little chart it stands for: notes, evidence, and what its facts amount to over time."""

from collections.abc import Sequence
from dataclasses import dataclass

from chains.evidence import Evidence
from core.records import Citation, Note, Sentence
from extraction import extract_facts
from extraction.timeline import ResolvedFact, TimedFact, resolve
from ingest.segmentation import segment
from mlops.evaluation.paraphrases.cases import Case, Place, Source

_CHUNK_TOKENS = 256


@dataclass(frozen=True, slots=True)
class CaseChart:
    """`evidence` holds one span for each source of the case, in order; `resolved` what all its notes say."""

    evidence: tuple[Evidence, ...]
    resolved: tuple[ResolvedFact, ...]


def chart_of(case: Case) -> CaseChart:
    """Write the case's sentences into notes, one a place, and read them as ingest and gathering would."""
    places = list(dict.fromkeys(source.place for source in case.sources))
    evidence: dict[int, Evidence] = {}
    timed: list[TimedFact] = []
    for number, place in enumerate(places, 1):
        note, sentences = _note(case, place, number)
        own = [i for i, source in enumerate(case.sources) if source.place == place]
        for i, sentence in zip(own, sentences, strict=True):
            evidence[i] = evidence_of(note, sentence, f"E{i + 1}")
        timed.extend(timed_facts(note, sentences))
    return CaseChart(tuple(evidence[i] for i in sorted(evidence)), resolve(timed))


def _note(case: Case, place: Place, number: int) -> tuple[Note, list[Sentence]]:
    note_id = f"{case.id}/{number}"
    text = f"{place.heading}:\n" if place.heading else ""
    sentences: list[Sentence] = []
    for source in _at(case.sources, place):
        sentences.append(
            Sentence(note_id, len(sentences), len(text), len(text) + len(source.text), place.heading, place.kind)
        )
        text += f"{source.text}\n"
    return Note(note_id, case.id, None, place.note_type, place.charted_at, text), sentences


def _at(sources: Sequence[Source], place: Place) -> list[Source]:
    return [source for source in sources if source.place == place]


def sentences_of(note: Note) -> tuple[Sentence, ...]:
    """The sentences that ingest would find in a note; how they are packed into chunks plays no part."""
    return segment(note, count_tokens=lambda text: len(text.split()), chunk_tokens=_CHUNK_TOKENS).sentences


def evidence_of(note: Note, sentence: Sentence, evidence_id: str) -> Evidence:
    """A whole sentence of a note as evidence."""
    quote = note.text[sentence.start : sentence.end]
    citation = Citation(
        note.note_id, note.note_type, note.charted_at, sentence.heading, sentence.start, sentence.end, quote
    )
    return Evidence(evidence_id, citation, sentence.kind, quote)


def timed_facts(note: Note, sentences: Sequence[Sentence]) -> list[TimedFact]:
    """The facts of a note's sentences, each with its time and its sentence."""
    by_ordinal = {s.ordinal: s for s in sentences}
    return [
        TimedFact(
            fact, note.charted_at, note.note_type,
            note.text[by_ordinal[fact.sentence].start : by_ordinal[fact.sentence].end], by_ordinal[fact.sentence].kind,
        )
        for fact in extract_facts(note, sentences)
    ]  # fmt: skip
