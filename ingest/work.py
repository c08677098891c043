"""From a row to what is stored of it: the work that every engine does, and the plain records that go in and come out.

A row and a result hold strings, numbers and arrays, so both can travel to another process and back.
"""

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from core.errors import AnamnesisError
from core.records import Note, ProcessedNote
from core.settings import EmbeddingSettings
from core.telemetry import traits_of
from ingest.deidentify import Deidentifier, Detector, IdentifierKind, PatternDetector, Policy
from ingest.embedding import Embedder, TextVectors, Vectors
from ingest.plan import IngestPlan
from ingest.processing import process
from ingest.sources import Reason
from vectorstore.digests import note_digest
from vectorstore.embeddings import build_embeddings
from vectorstore.generation import Generation
from vectorstore.store import Store
from vectorstore.stored_note import StoredNote, stored_note

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Row:
    """A note as its source gave it, to be worked on.

    `where` says where it was read. `live_patient` and `live_digest` say whose note the live version is and what it is
    stored under, where there is one.
    """

    note: Note
    source: str
    where: str
    row_digest: str
    live_patient: str | None = None
    live_digest: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Worked:
    """What became of a row: `stored`, `refused`, or neither, where the stored note is just as the live one.

    Of its chunks `embedded` is what the model was asked for, `reused` what the live version had, and the rest repeats
    others.
    """

    note_id: str
    patient_id: str
    source: str
    where: str
    row_digest: str
    stored: StoredNote | None = None
    refused: Reason | None = None
    identifiers: Mapping[IdentifierKind, int] = field(default_factory=dict)
    embedded: int = 0
    reused: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row that waits for vectors. `known` holds those that the live version has, by text."""

    row: Row
    note: ProcessedNote | None = None
    refused: Reason | None = None
    identifiers: Mapping[IdentifierKind, int] = field(default_factory=dict)
    texts: tuple[str, ...] = ()
    known: Mapping[str, Vectors] = field(default_factory=dict)


class Worker:
    """De-identifies, cuts up and embeds rows. `live` is the generation whose vectors are used again."""

    def __init__(
        self,
        embedder: Embedder,
        detector: Detector,
        live: Generation | None,
        *,
        policy: Policy,
        chunk_tokens: int,
        facts: bool = True,
    ) -> None:
        self._embedder = embedder
        self._vectors = TextVectors(embedder.embed, embedder.spec.dimension)
        self._deidentifier = Deidentifier(policy, detector)
        self._live = live
        self._chunk_tokens = chunk_tokens
        self._facts = facts

    @classmethod
    def of(cls, plan: IngestPlan, embedder: Embedder, detector: Detector, live: Generation | None) -> Self:
        """The worker for a plan."""
        return cls(embedder, detector, live, policy=plan.policy, chunk_tokens=plan.chunk_tokens, facts=plan.facts)

    def work(self, rows: Sequence[Row]) -> list[Worked]:
        """Work on rows that are embedded together. The results come in the rows' order."""
        return self.embed([self.prepare(row) for row in rows])

    def prepare(self, row: Row) -> Prepared:
        """All but the vectors. One thread may prepare while another embeds."""
        try:
            return self._prepare(row)
        except (AnamnesisError, OSError, MemoryError, sqlite3.Error):
            # The index or the machine failed, not the rules: the note would be taken out for no fault of its own.
            raise
        except Exception as e:
            # One note that the rules trip over must not stop a night's run; it is counted like any other bad row.
            log.warning("note could not be processed", extra=traits_of(e))
            return Prepared(row, refused=Reason.UNPROCESSABLE)

    def embed(self, window: Sequence[Prepared]) -> list[Worked]:
        """Give notes their vectors."""
        known = {text: vector for item in window for text, vector in item.known.items()}
        vectors, embedded = self._vectors.of([text for item in window for text in item.texts], known)
        results: list[Worked] = []
        position = 0
        for item in window:
            end = position + len(item.texts)
            # A copy: a view would keep the whole window alive.
            results.append(_worked(item, vectors[position:end].copy(), 0 if results else embedded))
            position = end
        return results

    def _prepare(self, row: Row) -> Prepared:
        note = self._deidentifier.apply(row.note)
        identifiers = dict(self._deidentifier.counts)
        self._deidentifier.counts.clear()
        if note is None:
            return Prepared(row, refused=Reason.IDENTIFIERS, identifiers=identifiers)
        if row.live_digest is not None and note_digest(note, row.source) == row.live_digest:
            return Prepared(row, identifiers=identifiers)
        processed = process(
            note,
            row.source,
            count_tokens=self._embedder.count_tokens,
            chunk_tokens=self._chunk_tokens,
            facts=self._facts,
        )
        texts = tuple(note.text[chunk.start : chunk.end] for chunk in processed.chunks)
        return Prepared(row, processed, None, identifiers, texts, self._known(row))

    def _known(self, row: Row) -> Mapping[str, Vectors]:
        if self._live is None or row.live_patient is None:
            return {}
        return {
            text: vector
            for stored in self._live.stored_notes(row.live_patient, (row.note.note_id,))
            for text, vector in zip(stored.chunk_texts, stored.vectors, strict=True)
        }


def _worked(item: Prepared, vectors: Vectors, embedded: int) -> Worked:
    row, note = item.row, item.row.note
    return Worked(
        note.note_id,
        note.patient_id,
        row.source,
        row.where,
        row.row_digest,
        stored=stored_note(item.note, vectors, row_digest=row.row_digest) if item.note else None,
        refused=item.refused,
        identifiers=item.identifiers,
        embedded=embedded,
        reused=sum(text in item.known for text in item.texts),
    )


@dataclass(frozen=True, slots=True)
class WorkerRecipe:
    """All that another process needs to build the same worker. Vectors of the index `live_index` are used again."""

    embedding: EmbeddingSettings
    policy: Policy
    chunk_tokens: int
    facts: bool = True
    live_index: Path | None = None

    def build(self) -> Worker:
        """Load the model and open the index."""
        embeddings = build_embeddings(self.embedding)
        return Worker(
            Embedder(embeddings.spec, embeddings.embed, embeddings.count_tokens),
            PatternDetector(),
            Store(self.live_index, embeddings).generation if self.live_index else None,
            policy=self.policy,
            chunk_tokens=self.chunk_tokens,
            facts=self.facts,
        )
