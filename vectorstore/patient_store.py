"""LangChain's `VectorStore` over one patient."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance
from numpy.typing import NDArray

from core.errors import IndexUnavailable, PatientNotFound
from core.records import Chunk, Note, ProcessedNote, Section, SectionKind, Sentence
from vectorstore.chart import Chart, Hit
from vectorstore.retriever import as_document
from vectorstore.specs import ChunkingSpec, EmbeddingSpec
from vectorstore.store import Store
from vectorstore.writer import IndexWriter

Filter: TypeAlias = Mapping[str, Any] | Callable[[Document], bool]
# Marks notes that came through this view: each is one chunk, its document's id is the note's own.
SOURCE = "documents"


class PatientVectorStore(VectorStore):
    """Reads and writes the documents of one patient; there is no way from here to another's.

    A document that is added becomes a note of one sentence and one chunk, and each call that writes publishes a
    generation. `note_type`, `charted_at` and `encounter_id` are taken from its metadata. Documents of notes that were
    ingested have the id `<note id>#<ordinal>`; deleting one deletes its note. Filters are applied before ranking.
    """

    def __init__(self, root: Path, patient_id: str, embeddings: Embeddings, *, chart: Chart | None = None) -> None:
        self._root = root
        self._patient_id = patient_id
        self._embeddings = embeddings
        self._chart = chart if chart is not None else self._live_chart()

    @property
    def embeddings(self) -> Embeddings:
        """The model that queries and added texts are embedded with."""
        return self._embeddings

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Add texts, or replace those whose ids are there, and publish. Returns their ids.

        Raises:
            ValueError: the lists differ in length, or some metadata is not JSON.
            IngestFailed: another writer is at work, or an id is another patient's.
        """
        contents = list(texts)
        metas = metadatas if metadatas is not None else [{} for _ in contents]
        names = [name or uuid4().hex for name in (ids if ids is not None else [""] * len(contents))]
        if not len(contents) == len(metas) == len(names):
            raise ValueError(f"{len(contents)} texts came with {len(metas)} metadatas and {len(names)} ids")
        if not contents:
            return []
        vectors = np.asarray(self._embeddings.embed_documents(contents), dtype=np.float32)
        added = {
            name: (_note_of(self._patient_id, name, content, meta), json.dumps(meta, ensure_ascii=False), vector[None])
            for name, content, meta, vector in zip(names, contents, metas, vectors, strict=True)
        }
        self._rewrite(lambda known: {**known, **added})
        return names

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool | None:
        """Delete the notes of these documents, or the whole chart without `ids`, and publish. Unknown ids are fine."""
        if self._chart is not None:
            if ids is None:
                self._rewrite(lambda known: {})
            else:
                notes = {self._chunk_ids()[name].note_id for name in ids if name in self._chunk_ids()}
                if notes:
                    self._rewrite(lambda known: {name: kept for name, kept in known.items() if name not in notes})
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """The documents of this patient that have these ids."""
        if self._chart is None:
            return []
        known = self._chunk_ids()
        return [self._document(Hit(known[name], 0.0)) for name in ids if name in known]

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """The `k` nearest documents, best first. `filter` is a mapping of metadata or a test of a document."""
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(self, query: str, k: int = 4, **kwargs: Any) -> list[tuple[Document, float]]:
        """The `k` nearest documents with the inner products of their vectors and the query's, best first."""
        if self._chart is None:
            return []
        return [(self._document(hit), hit.score) for hit in self._nearest(self._query(query), k, **kwargs)]

    def similarity_search_by_vector(self, embedding: list[float], k: int = 4, **kwargs: Any) -> list[Document]:
        """The `k` documents nearest to a vector, best first."""
        if self._chart is None:
            return []
        return [self._document(hit) for hit in self._nearest(np.asarray(embedding, dtype=np.float32), k, **kwargs)]

    def max_marginal_relevance_search(
        self, query: str, k: int = 4, fetch_k: int = 20, lambda_mult: float = 0.5, **kwargs: Any
    ) -> list[Document]:
        """`k` of the `fetch_k` nearest documents, chosen to differ (Carbonell and Goldstein, SIGIR 1998)."""
        vector = [] if self._chart is None else self._query(query).tolist()
        return self.max_marginal_relevance_search_by_vector(vector, k, fetch_k, lambda_mult, **kwargs)

    def max_marginal_relevance_search_by_vector(
        self, embedding: list[float], k: int = 4, fetch_k: int = 20, lambda_mult: float = 0.5, **kwargs: Any
    ) -> list[Document]:
        """`k` of the `fetch_k` documents nearest to a vector, chosen to differ."""
        if self._chart is None:
            return []
        vector = np.asarray(embedding, dtype=np.float32)
        hits = self._nearest(vector, fetch_k, **kwargs)
        rows = {chunk: row for row, chunk in enumerate(self._chart.chunks())}
        block = self._chart.vectors()
        chosen = maximal_marginal_relevance(vector, [block[rows[hit.chunk]] for hit in hits], lambda_mult, k)
        return [self._document(hits[place]) for place in chosen]

    @classmethod
    def from_texts(
        cls, texts: list[str], embedding: Embeddings, metadatas: list[dict[str, Any]] | None = None, **kwargs: Any
    ) -> PatientVectorStore:
        """Add texts to a patient of an index: needs `root` and `patient_id`, takes `ids`."""
        store = cls(Path(kwargs["root"]), kwargs["patient_id"], embedding)
        store.add_texts(texts, metadatas, ids=kwargs.get("ids"))
        return store

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        # Unit vectors: the inner product is the cosine, rounding aside.
        return lambda product: min(1.0, max(0.0, (1.0 + product) / 2.0))

    def _query(self, text: str) -> NDArray[np.float32]:
        return np.asarray(self._embeddings.embed_query(text), dtype=np.float32)

    def _nearest(self, vector: NDArray[np.float32], k: int, *, filter: Filter | None = None, **_: Any) -> list[Hit]:
        assert self._chart is not None  # noqa: S101
        if filter is None:
            return self._chart.nearest(vector, k=k)
        passing = {c.note_id for c in self._chart.chunks() if _passes(self._document(Hit(c, 0.0)), filter)}
        hits = self._chart.nearest(vector, k=len(self._chart.chunks()), note_ids=passing)
        return [hit for hit in hits if _passes(self._document(hit), filter)][:k]

    def _document(self, hit: Hit) -> Document:
        assert self._chart is not None  # noqa: S101
        document = as_document(self._chart, hit)
        own = self._chart.metadata().get(hit.chunk.note_id)
        if own is None:
            return document
        return Document(id=hit.chunk.note_id, page_content=document.page_content, metadata=json.loads(own))

    def _chunk_ids(self) -> dict[str, Chunk]:
        if self._chart is None:
            return {}
        added = self._chart.metadata()
        return {
            chunk.note_id if chunk.note_id in added else f"{chunk.note_id}#{chunk.ordinal}": chunk
            for chunk in self._chart.chunks()
        }

    def _live_chart(self) -> Chart | None:
        try:
            return Store(self._root, self._embeddings).generation.chart(self._patient_id)
        except (IndexUnavailable, PatientNotFound):
            return None

    def _rewrite(self, change: Callable[[_Notes], _Notes]) -> None:
        embedding = spec_of(self._embeddings)
        with IndexWriter(self._root, embedding=embedding, chunking=self._chunking(embedding)) as writer:
            live = writer.previous
            chart = live.chart(self._patient_id) if live is not None and live.has(self._patient_id) else None
            notes = change({} if chart is None else _notes_of(chart))
            if notes:
                vectors = np.concatenate([vectors for _, _, vectors in notes.values()])
                writer.put_patient(
                    self._patient_id,
                    [note for note, _, _ in notes.values()],
                    vectors,
                    quarantined=chart.quarantined if chart else 0,
                    skipped=chart.skipped if chart else (),
                    metadata={name: own for name, (_, own, _) in notes.items() if own is not None},
                )
            else:
                writer.remove_patient(self._patient_id)
            writer.publish()
            writer.compact()
        self._chart = self._live_chart()

    def _chunking(self, embedding: EmbeddingSpec) -> ChunkingSpec:
        try:
            return Store(self._root, self._embeddings).generation.manifest.chunking
        except IndexUnavailable:
            return ChunkingSpec(SOURCE, embedding.max_tokens)


_Notes: TypeAlias = dict[str, tuple[ProcessedNote, str | None, NDArray[np.float32]]]


def spec_of(embeddings: Embeddings) -> EmbeddingSpec:
    """What is known of a model: its own `spec`, else its class and the length of a vector it makes."""
    spec = getattr(embeddings, "spec", None)
    if isinstance(spec, EmbeddingSpec):
        return spec
    return EmbeddingSpec(type(embeddings).__name__, len(embeddings.embed_query("dimension")), "unknown", 0)


def _notes_of(chart: Chart) -> _Notes:
    vectors, own = chart.chunk_vectors(), chart.metadata()
    return {
        item.note.note_id: (item, own.get(item.note.note_id), vectors[item.note.note_id]) for item in chart.processed()
    }


def _note_of(patient_id: str, note_id: str, text: str, metadata: Mapping[str, Any]) -> ProcessedNote:
    charted_at, encounter_id = metadata.get("charted_at"), metadata.get("encounter_id")
    note = Note(
        note_id,
        patient_id,
        None if encounter_id is None else str(encounter_id),
        str(metadata.get("note_type", "document")),
        None if charted_at is None else str(charted_at),
        text,
    )
    kind, end = SectionKind.OTHER, len(text)
    return ProcessedNote(
        note,
        SOURCE,
        (Section("", kind, 0, end),),
        (Sentence(note_id, 0, 0, end, "", kind),),
        (Chunk(note_id, 0, 0, end, "", kind, 0, 0),),
        (),
    )


def _passes(document: Document, wanted: Filter) -> bool:
    if callable(wanted):
        return wanted(document)
    return all(document.metadata.get(key) == value for key, value in wanted.items())
