"""One patient's chart in one generation. Nothing here can see another patient."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from core.errors import IndexMismatch, NoteNotFound
from core.records import (
    Chunk,
    Fact,
    FactKind,
    Note,
    NoteHeader,
    ProcessedNote,
    Section,
    Sentence,
    SkippedNote,
)
from vectorstore.manifest import REBUILD
from vectorstore.nearest import Rows, nearest
from vectorstore.ranking import NOTHING_ELSE, Instead, Ranking, embedded_again
from vectorstore.segment import NoteRow, Segment

if TYPE_CHECKING:
    from vectorstore.patient_store import PatientVectorStore
    from vectorstore.retriever import PatientRetriever


class _OfNote(Protocol):
    @property
    def note_id(self) -> str: ...


# Up to so many chunks are looked up one by one in a chart that is asked for the first time.
_FEW_CHUNKS = 32

# The queries of all templates, which an open chart is asked again and again; later ones are not remembered.
_REMEMBERED_SEARCHES = 64
_NO_SUCH_NOTE = "this patient has no such note"

T = TypeVar("T")
N = TypeVar("N", bound=_OfNote)


class Hit(NamedTuple):
    """A chunk that was found, and its score: fused ranks, or the inner product where only vectors were compared."""

    chunk: Chunk
    score: float


@dataclass(frozen=True, slots=True, weakref_slot=True)
class ChartOrigin:
    """What a chart needs to know of where it comes from. While it lives, a lease holds the generation."""

    root: Path
    generation: int
    embedding_model: str
    embeddings: Embeddings


class Chart:
    """A patient's notes and all that was found in them, read on demand. Safe to use from several threads.

    Notes are oldest first, undated ones first of all; everything called "chart order" follows that.
    """

    def __init__(self, segment: Segment, patient_key: int, origin: ChartOrigin) -> None:
        self._segment = segment
        self._patient = segment.patient(patient_key)
        self._origin = origin
        self._lock = RLock()
        self._loaded: dict[str, Any] = {}
        self._found: dict[tuple[str, int, frozenset[str] | None], list[tuple[int, float]]] = {}
        self._asked = False
        self.patient_id = self._patient.patient_id
        self.digest = self._patient.digest
        self.generation = origin.generation
        self.embedding_model = origin.embedding_model
        self.quarantined = self._patient.quarantined
        self.skipped: tuple[SkippedNote, ...] = self._patient.skipped

    @property
    def chunk_count(self) -> int:
        """How many chunks it has, told without reading any."""
        return self._patient.vectors

    @property
    def headers(self) -> tuple[NoteHeader, ...]:
        """All notes without their text."""
        return self._once("headers", lambda: tuple(row.header for row in self._rows))

    def header(self, note_id: str) -> NoteHeader:
        """A note of this patient without its text.

        Raises:
            NoteNotFound: this patient has no such note.
        """
        return self._row(note_id).header

    def note(self, note_id: str) -> Note:
        """A note of this patient.

        Raises:
            NoteNotFound: this patient has no such note.
        """
        h = self.header(note_id)
        return Note(h.note_id, h.patient_id, h.encounter_id, h.note_type, h.charted_at, self.text(note_id))

    def text(self, note_id: str) -> str:
        """The words of a note of this patient.

        Raises:
            NoteNotFound: this patient has no such note.
        """
        texts = self._once("texts", self._load_texts)
        if note_id not in texts:
            raise NoteNotFound(_NO_SUCH_NOTE)
        return texts[note_id]

    def sections_of(self, note_id: str) -> tuple[Section, ...]:
        """The sections of one note.

        Raises:
            NoteNotFound: this patient has no such note.
        """
        key = self._row(note_id).key
        return self._once("sections", self._load_sections).get(key, ())

    def sentences(self) -> tuple[Sentence, ...]:
        """All sentences in chart order."""
        return self._once("sentences", lambda: tuple(self._segment.sentences(self._patient, self._ids)))

    def sentences_of(self, note_id: str) -> tuple[Sentence, ...]:
        """The sentences of one note.

        Raises:
            NoteNotFound: this patient has no such note.
        """
        return _of_note(self._once("sentences_by_note", lambda: _grouped(self.sentences())), self._row(note_id))

    def chunks(self) -> tuple[Chunk, ...]:
        """All chunks in chart order."""
        return self._once("chunks", self._load_chunks)

    def facts(self, *kinds: FactKind) -> tuple[Fact, ...]:
        """All facts in chart order, or those of some kinds."""
        facts = self._once("facts", lambda: tuple(self._segment.facts(self._patient, self._ids)))
        return tuple(fact for fact in facts if fact.kind in kinds) if kinds else facts

    def vectors(self) -> NDArray[np.float32]:
        """The chunks' vectors in chart order, float32 of shape (chunks, dimension), mapped and read-only."""
        return self._segment.block(self._patient)

    def text_of(self, chunk: Chunk) -> str:
        """The words of a chunk."""
        return self.text(chunk.note_id)[chunk.start : chunk.end]

    def nearest(self, vector: NDArray[np.float32], *, k: int, note_ids: Collection[str] | None = None) -> list[Hit]:
        """The `k` chunks whose vectors have the largest inner product with `vector` (d,), exact, best first."""
        block = self.vectors()
        rows, scores = nearest(block, _fitting(vector, block), k, rows=self._rows_of(note_ids))
        return list(map(Hit, self._chunks_at(rows.tolist()), scores.tolist()))

    def search(
        self, query: str, *, k: int = 12, note_ids: Collection[str] | None = None, instead: Instead = NOTHING_ELSE
    ) -> list[Hit]:
        """The `k` chunks that vectors and BM25 together rank first. Only chunks of `note_ids` are ranked.

        The chunks that `instead` names are ranked as if they held that text, and not at all where it is empty.
        """
        if k <= 0 or not self._patient.vectors:
            return []
        asked = None if instead else (query, k, None if note_ids is None else frozenset(note_ids))
        best = self._found.get(asked) if asked else None
        if best is None:
            best = self._best(query, k, self._rows_of(note_ids), instead)
            if asked and len(self._found) < _REMEMBERED_SEARCHES:
                self._found[asked] = best
        chunks = self.chunks()
        return [Hit(chunks[row], score) for row, score in best]

    def retriever(
        self, *, k: int = 12, note_ids: Collection[str] | None = None, instead: Instead = NOTHING_ELSE
    ) -> PatientRetriever:
        """A hybrid retriever over this chart alone, or over some of its notes; `instead` as in `search`."""
        from vectorstore.retriever import PatientRetriever

        return PatientRetriever.over(self, k=k, note_ids=note_ids, instead=instead)

    def vector_store(self) -> PatientVectorStore:
        """LangChain's view of this patient."""
        from vectorstore.patient_store import PatientVectorStore

        return PatientVectorStore(self._origin.root, self.patient_id, self._origin.embeddings, chart=self)

    def note_digests(self) -> dict[str, str]:
        """For each note id the digest that `vectorstore.digests.note_digest` gave when it was stored."""
        return {row.header.note_id: row.digest for row in self._rows}

    def note_sources(self) -> dict[str, str]:
        """For each note id the ingest source it came from."""
        return {row.header.note_id: row.source for row in self._rows}

    def kept(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gave for a name when first asked, for as long as this chart is open.

        It must not refer to the chart, which would then wait for a garbage collection with all that it holds.
        """
        return self._once(f"kept: {name}", make)

    def metadata(self) -> Mapping[str, str]:
        """For each note that was stored with metadata of its own, that JSON object."""
        return {row.header.note_id: row.metadata for row in self._rows if row.metadata is not None}

    def processed(self) -> tuple[ProcessedNote, ...]:
        """All notes with all that ingest found in them, in chart order."""
        sentences, chunks, facts = _grouped(self.sentences()), _grouped(self.chunks()), _grouped(self.facts())
        return tuple(
            ProcessedNote(
                self.note(row.header.note_id),
                row.source,
                self.sections_of(row.header.note_id),
                _of_note(sentences, row),
                _of_note(chunks, row),
                _of_note(facts, row),
            )
            for row in self._rows
        )

    def chunk_vectors(self) -> dict[str, NDArray[np.float32]]:
        """For each note id the vectors of its chunks, float32 of shape (chunks, dimension)."""
        block, found, start = self.vectors(), {}, 0
        chunks = _grouped(self.chunks())
        for row in self._rows:
            end = start + len(_of_note(chunks, row))
            found[row.header.note_id] = block[start:end]
            start = end
        return found

    @property
    def _rows(self) -> list[NoteRow]:
        return self._once("rows", lambda: self._segment.note_rows(self._patient))

    @property
    def _ids(self) -> dict[int, str]:
        return self._once("ids", lambda: self._segment.note_ids(self._patient))

    def _load_texts(self) -> dict[str, str]:
        texts = self._segment.texts(self._patient)
        return {row.header.note_id: texts[row.key] for row in self._rows}

    def _load_chunks(self) -> tuple[Chunk, ...]:
        return tuple(self._segment.as_chunks(self._segment.chunk_rows(self._patient), self._ids))

    def _chunks_at(self, rows: list[int]) -> list[Chunk]:
        if self._asked or len(rows) > _FEW_CHUNKS:
            chunks = self.chunks()
            return [chunks[row] for row in rows]
        # Many a chart is opened for one question; reading all its chunks takes several times as long as answering.
        self._asked = True
        return self._segment.as_chunks(self._segment.chunk_rows_at(self._patient, rows), self._ids)

    def _row(self, note_id: str) -> NoteRow:
        row = self._once("rows_by_id", lambda: {row.header.note_id: row for row in self._rows}).get(note_id)
        if row is None:
            raise NoteNotFound(_NO_SUCH_NOTE)
        return row

    def _best(self, query: str, k: int, rows: Rows | None, instead: Instead) -> list[tuple[int, float]]:
        if rows is not None and not len(rows):
            return []
        vector = np.asarray(self._origin.embeddings.embed_query(query), dtype=np.float32)
        return self._ranking(instead).best(query, _fitting(vector, self.vectors()), k, rows)

    def _rows_of(self, note_ids: Collection[str] | None) -> Rows | None:
        """Rows of the block that belong to some notes, ascending; None for all of them."""
        if note_ids is None:
            return None
        wanted = frozenset(note_ids)
        if wanted.issuperset(row.header.note_id for row in self._rows):
            return None
        return np.array([row for row, chunk in enumerate(self.chunks()) if chunk.note_id in wanted], dtype=np.int64)

    def _load_sections(self) -> dict[int, tuple[Section, ...]]:
        found: dict[int, list[Section]] = {}
        for key, section in self._segment.sections(self._patient):
            found.setdefault(key, []).append(section)
        return {key: tuple(sections) for key, sections in found.items()}

    def _ranking(self, instead: Instead) -> Ranking:
        if not instead:
            return self._once("ranking", lambda: Ranking(self.vectors(), map(self._words_of, self.chunks())))
        last: tuple[Instead, Ranking] | None = self._loaded.get("ranking_instead")
        if last is None or last[0] != instead:
            last = (instead, self._ranking_by(instead))
            self._loaded["ranking_instead"] = last
        return last[1]

    def _ranking_by(self, instead: Instead) -> Ranking:
        other = {row: instead[key] for row, c in enumerate(self.chunks()) if (key := (c.note_id, c.start)) in instead}
        words = [
            (f"{c.heading} {other[row]}" if other[row] else None) if row in other else self._words_of(c)
            for row, c in enumerate(self.chunks())
        ]
        changed = {row: text for row, text in other.items() if text}
        return Ranking(embedded_again(self.vectors(), changed, self._origin.embeddings.embed_documents), words)

    def _words_of(self, chunk: Chunk) -> str:
        return f"{chunk.heading} {self.text_of(chunk)}"

    def _once(self, name: str, load: Callable[[], T]) -> T:
        found: T | None = self._loaded.get(name)
        if found is None:
            with self._lock:
                found = self._loaded.get(name)
                if found is None:
                    found = self._loaded[name] = load()
        return found


def _fitting(vector: NDArray[np.float32], block: NDArray[np.float32]) -> NDArray[np.float32]:
    if vector.shape != block.shape[1:]:
        raise IndexMismatch(
            f"the query's vector has shape {vector.shape} and the index holds {block.shape[1]} dimensions: {REBUILD}"
        )
    return vector


def _grouped(items: Iterable[N]) -> dict[str, tuple[N, ...]]:
    found: dict[str, list[N]] = {}
    for item in items:
        found.setdefault(item.note_id, []).append(item)
    return {note_id: tuple(group) for note_id, group in found.items()}


def _of_note(groups: Mapping[str, tuple[N, ...]], row: NoteRow) -> tuple[N, ...]:
    return groups.get(row.header.note_id, ())
