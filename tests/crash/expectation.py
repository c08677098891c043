"""What an index must hold after a night, worked out without the job, the writer or what they stored."""

from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from core.records import Note, ProcessedNote, SkippedNote
from extraction import extract_facts
from ingest.segmentation import segment
from tests.crash.nights import EMPTY_NOTE, EMPTY_NOTE_OF, Night, source_of
from tests.fakes.embeddings import DIMENSION, HashedWords
from vectorstore.generation import Generation
from vectorstore.store import Store

WORDS = HashedWords()
CHUNK_TOKENS = 64


def live(index: Path) -> Generation:
    """The live generation, opened anew as a service would."""
    return Store(index, WORDS).generation


def differences(generation: Generation, night: Night, *, chunk_tokens: int = CHUNK_TOKENS) -> list[str]:
    """Where a generation is not what the night says, down to each span, fact and vector. Empty where all is right."""
    charts: dict[str, list[Note]] = {EMPTY_NOTE_OF: []}
    for note in night.values():
        charts.setdefault(note.patient_id, []).append(note)
    found = sorted(generation.patient_ids())
    wrong = [] if found == sorted(charts) else [f"patients are {found} and should be {sorted(charts)}"]
    for patient_id in set(found) & set(charts):
        wrong += _of_chart(generation, patient_id, charts[patient_id], chunk_tokens)
    return wrong


def _of_chart(generation: Generation, patient_id: str, notes: list[Note], chunk_tokens: int) -> list[str]:
    chart = generation.chart(patient_id)
    expected = tuple(
        processed(note, chunk_tokens) for note in sorted(notes, key=lambda n: (n.charted_at or "", n.note_id))
    )
    wrong = []
    if chart.processed() != expected:
        wrong.append(f"{patient_id}: the notes, or what was found in them, differ")
    texts = [item.note.text[c.start : c.end] for item in expected for c in item.chunks]
    vectors = np.array([vector_of(text) for text in texts], dtype=np.float32).reshape(len(texts), DIMENSION)
    if chart.vectors().shape != vectors.shape or not np.allclose(chart.vectors(), vectors, atol=1e-6):
        wrong.append(f"{patient_id}: the vectors are not those of the chunks")
    skipped = (SkippedNote(EMPTY_NOTE, "empty_note", source_of(EMPTY_NOTE)),) if patient_id == EMPTY_NOTE_OF else ()
    if chart.skipped != skipped:
        wrong.append(f"{patient_id}: the coverage is {chart.skipped}")
    lost = [note.note_id for note in notes if generation.patient_of(note.note_id) != patient_id]
    return wrong + [f"{note_id} is not found as a note of {patient_id}" for note_id in lost]


@lru_cache(maxsize=20_000)
def processed(note: Note, chunk_tokens: int) -> ProcessedNote:
    """A note with all that is in it."""
    parts = segment(note, count_tokens=WORDS.count_tokens, chunk_tokens=chunk_tokens)
    facts = extract_facts(note, parts.sentences)
    return ProcessedNote(note, source_of(note.note_id), parts.sections, parts.sentences, parts.chunks, facts)


@cache
def vector_of(text: str) -> np.ndarray:
    """The vector of a text."""
    return WORDS.embed([text])[0]
