"""An index of made-up charts: real files, unit vectors in clusters, short texts. Made as fast as it can be written.

Every patient is drawn from the seed and the patient's number alone, so that an answer can be checked against vectors
that never went through the store.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from core.records import Chunk, Note, ProcessedNote, Section, SectionKind, Sentence
from vectorstore.specs import ChunkingSpec, EmbeddingSpec
from vectorstore.writer import IndexWriter

DIMENSION = 384
CHUNKS_PER_NOTE = 10
Vectors = NDArray[np.float32]

_WORDS = re.findall(
    r"\w+",
    """aspirin fever creatinine dose daily stopped cough chest edema sodium held rash potassium stable started given
    pain denies reports left right acute chronic mild severe tablet oral discharge follow clinic repeat normal""",
)
_LINES, _WORDS_A_LINE, _POOL, _THEMES, _TEXTS = 2048, 8, 8192, 64, 512


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


@dataclass(frozen=True)
class DrawnCharts:
    """`patients` charts of `notes` notes with ten chunks each."""

    patients: int
    notes: int = 50
    seed: int = 3

    @property
    def chunks(self) -> int:
        """Chunks of one patient."""
        return self.notes * CHUNKS_PER_NOTE

    def patient_id(self, number: int) -> str:
        """The id of a patient."""
        return f"p{number:06d}"

    def vectors(self, number: int) -> Vectors:
        """A patient's vectors, float32 of shape (chunks, 384), unit length.

        Each is a theme plus two rows of a pool of normals: as good as drawn anew, and twenty times as fast.
        """
        rng = np.random.default_rng([self.seed, number])
        themes, pool = self._pools
        rows = themes[rng.integers(0, _THEMES, self.chunks)]
        first, second = rng.integers(0, _POOL, (2, self.chunks))
        rows += pool[first]
        rows += pool[second]
        return unit(rows)

    def processed(self, number: int) -> Iterator[ProcessedNote]:
        """A patient's notes, in chart order, which is that of `vectors`."""
        patient_id, kind = self.patient_id(number), SectionKind.OTHER
        rng = np.random.default_rng([self.seed, number, 1])
        for ordinal, (text, spans) in enumerate(self._texts[i] for i in rng.integers(0, _TEXTS, self.notes).tolist()):
            note_id = f"{patient_id}/{ordinal:05d}"
            yield ProcessedNote(
                Note(note_id, patient_id, None, "progress", None, text),
                "drawn",
                (Section("", kind, 0, len(text)),),
                tuple([Sentence(note_id, i, start, end, "", kind) for i, (start, end) in enumerate(spans)]),
                tuple([Chunk(note_id, i, start, end, "", kind, i, i) for i, (start, end) in enumerate(spans)]),
                (),
            )

    @cached_property
    def _pools(self) -> tuple[Vectors, Vectors]:
        rng = np.random.default_rng(self.seed)
        themes = rng.standard_normal((_THEMES, DIMENSION), dtype=np.float32)
        return themes, np.sqrt(0.5) * rng.standard_normal((_POOL, DIMENSION), dtype=np.float32)

    @cached_property
    def _texts(self) -> list[tuple[str, list[tuple[int, int]]]]:
        rng = np.random.default_rng([self.seed, 0, 2])
        lines = [" ".join(words) for words in rng.choice(_WORDS, (_LINES, _WORDS_A_LINE)).tolist()]
        return [_joined([lines[i] for i in rng.integers(0, _LINES, CHUNKS_PER_NOTE)]) for _ in range(_TEXTS)]


def row_of(chunk: Chunk) -> int:
    """Which row of its patient's vectors a chunk has."""
    return int(chunk.note_id.rpartition("/")[2]) * CHUNKS_PER_NOTE + chunk.ordinal


def unit(vectors: Vectors) -> Vectors:
    """The rows brought to unit length, in place."""
    vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return vectors


def build(root: Path, charts: DrawnCharts) -> Iterator[int]:
    """Publish the charts; tells how many are written, one after another."""
    with IndexWriter(root, embedding=DrawnEmbeddings.spec, chunking=ChunkingSpec("drawn", 200)) as writer:
        for number in range(charts.patients):
            writer.put_patient(charts.patient_id(number), list(charts.processed(number)), charts.vectors(number))
            yield number + 1
        writer.publish()


def _joined(lines: list[str]) -> tuple[str, list[tuple[int, int]]]:
    starts = np.cumsum([0, *(len(line) + 1 for line in lines)]).tolist()
    return "\n".join(lines), [(start, start + len(line)) for start, line in zip(starts, lines, strict=False)]
