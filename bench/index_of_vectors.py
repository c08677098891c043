"""An index of made-up charts: real files, unit vectors drawn in clusters, short texts."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from core.records import Chunk, Note, ProcessedNote, Section, SectionKind, Sentence
from vectorstore.specs import ChunkingSpec, EmbeddingSpec
from vectorstore.writer import IndexWriter

DIMENSION = 384
CHUNKS_PER_NOTE = 10
_WORDS = [
    "aspirin",
    "fever",
    "creatinine",
    "dose",
    "daily",
    "stopped",
    "cough",
    "chest",
    "edema",
    "sodium",
    "held",
    "rash",
]


class DrawnEmbeddings(Embeddings):
    """Draws a unit vector for each text, the same one every time."""

    spec = EmbeddingSpec("drawn", DIMENSION, "0" * 64, 256)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector for each text."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The vector of one text."""
        rng = np.random.default_rng(list(text.encode()))
        vector: list[float] = unit(rng.standard_normal((1, DIMENSION), dtype=np.float32))[0].tolist()
        return vector


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows brought to unit length."""
    scaled: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return scaled


def build(root: Path, *, patients: int, chunks: int, seed: int = 3) -> None:
    """Publish `patients` charts of `chunks` chunks each."""
    rng = np.random.default_rng(seed)
    themes = rng.standard_normal((64, DIMENSION), dtype=np.float32)
    with IndexWriter(root, embedding=DrawnEmbeddings.spec, chunking=ChunkingSpec("drawn", 200)) as writer:
        for number in range(patients):
            noise = rng.standard_normal((chunks, DIMENSION), dtype=np.float32)
            vectors = unit(themes[rng.integers(0, len(themes), chunks)] + noise)
            writer.put_patient(f"p{number:05d}", list(_notes(f"p{number:05d}", chunks, rng)), vectors)
        writer.publish()


def _notes(patient_id: str, chunks: int, rng: np.random.Generator) -> Iterator[ProcessedNote]:
    kind = SectionKind.OTHER
    for first in range(0, chunks, CHUNKS_PER_NOTE):
        count = min(CHUNKS_PER_NOTE, chunks - first)
        note_id = f"{patient_id}/{first:06d}"
        lines = [" ".join(rng.choice(_WORDS, 24)) for _ in range(count)]
        starts = np.cumsum([0, *(len(line) + 1 for line in lines)]).tolist()
        spans = [(start, start + len(line)) for start, line in zip(starts, lines, strict=False)]
        yield ProcessedNote(
            Note(note_id, patient_id, None, "progress", None, "\n".join(lines)),
            "drawn",
            (Section("", kind, 0, starts[-1] - 1),),
            tuple(Sentence(note_id, i, start, end, "", kind) for i, (start, end) in enumerate(spans)),
            tuple(Chunk(note_id, i, start, end, "", kind, i, i) for i, (start, end) in enumerate(spans)),
            (),
        )
