"""Small indexes without the ingest job: notes of one-line sentences, each of them a chunk."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from core.records import Chunk, Fact, FactKind, Note, ProcessedNote, Section, SectionKind, Sentence
from tests.fakes.embeddings import HashedWords
from vectorstore.specs import ChunkingSpec
from vectorstore.store import Store
from vectorstore.writer import IndexWriter

CHUNKING = ChunkingSpec("lines", 80)
EMBEDDINGS = HashedWords()
Charts = Mapping[str, Sequence[ProcessedNote]]


def lined(patient_id: str, note_id: str, text: str, charted_at: str | None = "2020-01-01") -> ProcessedNote:
    """A note whose lines are its sentences and its chunks; a line that says "aspirin" states a drug."""
    kind = SectionKind.PLAN
    sentences, chunks, facts, start = [], [], [], 0
    for line in text.split("\n"):
        end, n = start + len(line), len(sentences)
        if line.strip():
            sentences.append(Sentence(note_id, n, start, end, "Plan", kind))
            chunks.append(Chunk(note_id, n, start, end, "Plan", kind, n, n))
            if (at := line.find("aspirin")) >= 0:
                facts.append(Fact(FactKind.DRUG, "aspirin", note_id, n, start + at, start + at + 7, dose="81 mg"))
        start = end + 1
    note = Note(note_id, patient_id, None, "progress", charted_at, text)
    section = Section("Plan", kind, 0, len(text))
    return ProcessedNote(note, "test", (section,), tuple(sentences), tuple(chunks), tuple(facts))


def vectors_of(notes: Sequence[ProcessedNote]) -> np.ndarray:
    """The vectors of all chunks, in order."""
    return EMBEDDINGS.embed([item.note.text[c.start : c.end] for item in notes for c in item.chunks])


def open_writer(root: Path, **changes: object) -> IndexWriter:
    """A writer with the fakes' model and chunking, changed where a test says so."""
    return IndexWriter(root, **{"embedding": EMBEDDINGS.spec, "chunking": CHUNKING, **changes})


def publish(root: Path, charts: Charts, *, removed: Sequence[str] = (), **changes: object) -> int:
    """Put and remove patients and publish. Returns the generation's number."""
    with open_writer(root, **changes) as writer:
        for patient_id, notes in charts.items():
            writer.put_patient(patient_id, notes, vectors_of(notes))
        for patient_id in removed:
            writer.remove_patient(patient_id)
        return writer.publish()


def compact(root: Path, **changes: object) -> int | None:
    """Compact, where that is worth it. Returns the number of the generation that came of it."""
    with open_writer(root, **changes) as writer:
        return writer.compact()


def open_store(root: Path) -> Store:
    """The index with the fakes' model."""
    return Store(root, EMBEDDINGS)
