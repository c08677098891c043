"""The port a chain retrieves through: bound to one patient when it is made."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, PrivateAttr

from vectorstore.chart import Chart, Hit
from vectorstore.ranking import NOTHING_ELSE, Instead


class PatientRetriever(BaseRetriever):
    """Hybrid retrieval (dense and BM25, fused) over one patient's chunks, or over those of some notes.

    The chart is private and set once; no argument of a call can widen what is searched.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    k: int = 12
    note_ids: frozenset[str] | None = None
    instead: Mapping[tuple[str, int], str] = NOTHING_ELSE
    _chart: Chart = PrivateAttr()

    @classmethod
    def over(
        cls,
        chart: Chart,
        *,
        k: int = 12,
        note_ids: Collection[str] | None = None,
        instead: Instead = NOTHING_ELSE,
    ) -> PatientRetriever:
        """A retriever for one chart; with `note_ids` only these notes are ranked; `instead` as in `Chart.search`."""
        retriever = cls(k=k, note_ids=None if note_ids is None else frozenset(note_ids), instead=instead)
        retriever._chart = chart
        return retriever

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun | None = None
    ) -> list[Document]:
        return [as_document(self._chart, hit) for hit in self.hits(query)]

    def hits(self, query: str) -> list[Hit]:
        """What `invoke` answers as documents, without the cost of making them and of calling back."""
        return self._chart.search(query, k=self.k, note_ids=self.note_ids, instead=self.instead)


def as_document(chart: Chart, hit: Hit) -> Document:
    """A found chunk as LangChain's document. Its id is the note's, `#` and the chunk's ordinal."""
    chunk, header = hit.chunk, chart.header(hit.chunk.note_id)
    return Document(
        id=f"{chunk.note_id}#{chunk.ordinal}",
        page_content=chart.text_of(chunk),
        metadata={
            "note_id": chunk.note_id,
            "note_type": header.note_type,
            "charted_at": header.charted_at,
            "heading": chunk.heading,
            "kind": chunk.kind.value,
            "start": chunk.start,
            "end": chunk.end,
            "first_sentence": chunk.first_sentence,
            "last_sentence": chunk.last_sentence,
            "score": hit.score,
        },
    )
