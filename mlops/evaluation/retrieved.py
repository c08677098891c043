"""The evidence that our gathering puts forward, and what one kind of search alone would."""

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

import numpy as np
from langchain_core.embeddings import Embeddings

from chains import ChainInput
from chains.budget import spending_order
from chains.compress import evidence_line
from chains.gather import gather
from chains.plan import make_plan
from core.records import Chunk, SummaryRequest
from mlops.evaluation.metrics.evidence import Passage
from prompts import SectionPlan, load_templates
from vectorstore.chart import Chart
from vectorstore.lexical import LexicalIndex

TEMPLATE = "handoff"
# What lists ask for: their sections have no queries, so a search is asked by their title and what it stands for.
LIST_QUERIES = {
    "problems": "active problems, diagnoses",
    "medications": "current medications with dose and frequency",
    "allergies": "allergies and reactions",
    "results": "laboratory results",
    "safety": "code status, resuscitation",
}


def gathered_passages(chart: Chart, *, max_words: int = 350) -> list[Passage]:
    """All evidence of a handoff in the order in which gathering spends its words: the lists that must be complete,
    then other lists, then passages, each in reading order.
    """
    request = SummaryRequest(chart.patient_id, max_words=max_words)
    plan = make_plan(ChainInput(request, chart, f"evidence-{chart.patient_id}"), load_templates())
    sections = sorted(gather(plan).sections, key=lambda section: spending_order(section.plan))
    return [
        Passage(c.note_id, c.start, c.end, evidence_line(e))
        for section in sections
        for group in section.groups
        for e in group.evidence
        for c in (e.citation,)
    ]


def bm25_passages(chart: Chart) -> Iterator[Passage]:
    """Chunks by BM25 alone: the best chunk of each of the handoff's queries, then the second best of each, and on."""
    chunks = chart.chunks()
    index = LexicalIndex(f"{chunk.heading} {chart.text_of(chunk)}" for chunk in chunks)
    return _in_turns(chart, [_ranked(chunks, index.scores(query)) for query in handoff_queries()])


def dense_passages(chart: Chart, embeddings: Embeddings) -> Iterator[Passage]:
    """Chunks by vectors alone, the queries taking turns in the same way."""
    rankings = []
    for query in handoff_queries():
        vector = np.asarray(embeddings.embed_query(query), dtype=np.float32)
        rankings.append([hit.chunk for hit in chart.nearest(vector, k=len(chart.chunks()))])
    return _in_turns(chart, rankings)


def handoff_queries() -> list[str]:
    """What a search is asked for a handoff: the queries of its passages, and one for each of its lists."""
    return [query for section in load_templates()[TEMPLATE].sections for query in _queries(section)]


def _queries(section: SectionPlan) -> Sequence[str]:
    return section.queries or (LIST_QUERIES.get(section.key, section.title),)


def _ranked(chunks: Sequence[Chunk], scores: np.typing.NDArray[np.float64]) -> list[Chunk]:
    return [chunks[i] for i in np.argsort(-scores, kind="stable") if scores[i] > 0]


def _in_turns(chart: Chart, rankings: Sequence[Sequence[Chunk]]) -> Iterator[Passage]:
    line = _liner(chart)
    for turn in zip_longest(*rankings):
        yield from (Passage(c.note_id, c.start, c.end, line(c)) for c in turn if c is not None)


def _liner(chart: Chart) -> Callable[[Chunk], str]:
    def line(chunk: Chunk) -> str:
        header = chart.header(chunk.note_id)
        where = f"{(header.charted_at or 'undated')[:10]}, {header.note_type}, {chunk.heading or 'no heading'}"
        return f"[E1] ({where}) {' '.join(chart.text_of(chunk).split())}"

    return line
