"""Retrieval for one patient: against a raw scan of the patient's block, and against langchain_community's FAISS."""

import tempfile
import warnings
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from bench.figures import Figure, median_cpu_s
from bench.index_of_vectors import DIMENSION, DrawnEmbeddings, build, unit
from core.records import Chunk
from vectorstore.chart import Chart
from vectorstore.generation import Generation
from vectorstore.store import Store

PATIENTS, CHUNKS, K = 500, 200, 10
ASKED = 40
Vector = NDArray[np.float32]


def run() -> list[Figure]:
    """Measure over 100,000 chunks of 500 patients."""
    faiss.omp_set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        build(root, patients=PATIENTS, chunks=CHUNKS)
        opened = median_cpu_s({"open": lambda: Store(root, DrawnEmbeddings()).generation}, repeats=5)["open"]
        generation = Store(root, DrawnEmbeddings()).generation
        rng = np.random.default_rng(9)
        names = [f"p{number:05d}" for number in rng.choice(PATIENTS, ASKED, replace=False)]
        queries = unit(rng.standard_normal((ASKED, DIMENSION), dtype=np.float32))
        asked = [(generation.chart(name), query) for name, query in zip(names, queries, strict=True)]
        return [*_within(asked, generation, opened), *_beside_langchain(generation, asked)]


def _within(asked: list[tuple[Chart, Vector]], generation: Generation, opened: float) -> list[Figure]:
    blocks = {chart.patient_id: np.array(chart.vectors()) for chart, _ in asked}
    words = "creatinine stopped"
    taken = median_cpu_s(
        {
            "faiss": _each(asked, lambda chart, query: faiss_scan(blocks[chart.patient_id], query)),
            "numpy": _each(asked, lambda chart, query: numpy_scan(blocks[chart.patient_id], query)),
            "dense": _each(asked, lambda chart, query: chart.nearest(query, k=K)),
            "hybrid": _each(asked, lambda chart, query: chart.search(words, k=K)),
            "retriever": _each(asked, lambda chart, query: chart.retriever(k=K).invoke(words)),
            "cold": lambda: _cold(generation),
            "embed": lambda: DrawnEmbeddings().embed_query(words),
        },
        repeats=7,
        calls=ASKED,
    )
    ms = {name: 1000 * seconds for name, seconds in taken.items()}
    recall = _recall(asked, lambda chart, query: [_row(chart, hit.chunk) for hit in chart.nearest(query, k=K)])
    raw = f"faiss.knn over the block in memory, {ms['faiss']:.3f} ms; numpy {ms['numpy']:.3f} ms"
    exact = "numpy brute force"
    drawn = f"{ms['embed']:.3f} ms of it make the query's vector"
    return [
        Figure("store: open 100k chunks", 1000 * opened, "CPU ms"),
        Figure("store: dense retrieval, one patient", ms["dense"], "CPU ms", baseline=raw),
        Figure("store: dense retrieval against raw scan", taken["dense"] / taken["faiss"], "times", 2, "at_most", raw),
        Figure("store: recall at 10", recall, "", 1, "at_least", exact),
        Figure("store: hybrid retrieval, one patient", ms["hybrid"], "CPU ms", baseline=drawn),
        Figure("store: hybrid retriever, documents made", ms["retriever"], "CPU ms", baseline=drawn),
        Figure("store: first hybrid retrieval of a chart", ms["cold"], "CPU ms", baseline="reads it and builds BM25"),
    ]


def faiss_scan(block: Vector, query: Vector) -> object:
    """The least FAISS can do: one exact scan of a block in memory."""
    return faiss.knn(query[None, :], block, K, metric=faiss.METRIC_INNER_PRODUCT)


def numpy_scan(block: Vector, query: Vector) -> NDArray[np.int64]:
    """The same in numpy, best first."""
    scores = block @ query
    best = np.argpartition(scores, -K)[-K:]
    found: NDArray[np.int64] = best[np.argsort(-scores[best])]
    return found


def _cold(generation: Generation) -> None:
    # Every patient but those kept open comes by in turn, so each call opens a chart anew.
    generation.chart(next(_ROUND)).search("creatinine stopped", k=K)


_ROUND = cycle(f"p{number:05d}" for number in range(PATIENTS))


def _beside_langchain(generation: Generation, asked: list[tuple[Chart, Vector]]) -> list[Figure]:
    store = _langchain_faiss(generation)
    total = PATIENTS * CHUNKS

    def search(chart: Chart, query: Vector, fetch_k: int) -> list[str]:
        found = store.similarity_search_with_score_by_vector(
            query.tolist(), k=K, filter={"patient_id": chart.patient_id}, fetch_k=fetch_k
        )
        return [document.page_content for document, _ in found]

    few = asked[:5]
    taken = median_cpu_s(
        {
            "ours": _each(few, lambda chart, query: chart.nearest(query, k=K)),
            "default": _each(few, lambda chart, query: search(chart, query, 20)),
            "all": _each(few, lambda chart, query: search(chart, query, total)),
        },
        repeats=3,
        calls=len(few),
    )
    by_default = _recall(asked, lambda chart, query: [_row_of_text(t) for t in search(chart, query, 20)])
    at_most = _recall(few, lambda chart, query: [_row_of_text(t) for t in search(chart, query, total)])
    name = "langchain_community FAISS, patient filter"
    return [
        Figure(f"{name}, fetch_k 20", 1000 * taken["default"], "CPU ms", baseline=f"recall {by_default:.3f}"),
        Figure(f"{name}, fetch_k all", 1000 * taken["all"], "CPU ms", baseline=f"recall {at_most:.3f}"),
        Figure(
            "store: speed at equal recall, 100k chunks", taken["all"] / taken["ours"], "times",
            baseline=f"{name}, recall {at_most:.3f}; ours {1000 * taken['ours']:.3f} ms",
        ),
    ]  # fmt: skip


def _langchain_faiss(generation: Generation) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from langchain_community.vectorstores import FAISS
        from langchain_community.vectorstores.utils import DistanceStrategy

        charts = [generation.chart(patient_id) for patient_id in generation.patient_ids()]
        pairs = ((str(row), vector.tolist()) for chart in charts for row, vector in enumerate(chart.vectors()))
        metadatas = [{"patient_id": chart.patient_id} for chart in charts for _ in range(CHUNKS)]
        return FAISS.from_embeddings(
            pairs, DrawnEmbeddings(), metadatas, distance_strategy=DistanceStrategy.MAX_INNER_PRODUCT
        )


def _each(asked: list[tuple[Chart, Vector]], ask: Callable[[Chart, Vector], object]) -> Callable[[], object]:
    """One call asks the next of the charts."""
    turns = cycle(asked)
    return lambda: ask(*next(turns))


def _row(chart: Chart, chunk: Chunk) -> int:
    return chart.chunks().index(chunk)


def _row_of_text(text: str) -> int:
    return int(text)


def _recall(asked: list[tuple[Chart, Vector]], rows: Callable[[Chart, Vector], list[int]]) -> float:
    """Mean share of the ten nearest rows, by numpy, that were found."""
    shares = [
        len(set(rows(chart, query)) & set(numpy_scan(np.asarray(chart.vectors()), query).tolist())) / K
        for chart, query in asked
    ]
    return float(np.mean(shares))
