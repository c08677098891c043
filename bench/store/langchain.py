"""200,000 chunks: a patient's view of the store against langchain_community's FAISS with a patient filter."""

import warnings
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from bench.figures import Figure, Measured, interleaved_cpu_s
from bench.index_of_vectors import DIMENSION, DrawnCharts, DrawnEmbeddings, build, row_of, unit
from bench.parts import Size
from vectorstore.store import Store

K = 10
CHARTS = {"full": DrawnCharts(400), "try": DrawnCharts(20)}
ASKED = 10
NAME = "langchain_community FAISS, patient filter"
Vector = NDArray[np.float32]


def measure(scratch: Path, size: Size) -> Measured:
    """Time both at the filter's default and at full recall."""
    faiss.omp_set_num_threads(1)
    charts, folder = CHARTS[size], scratch / "index-langchain"
    for _ in build(folder, charts):
        pass
    generation, store = Store(folder, DrawnEmbeddings()).generation, _langchain_faiss(charts)
    rng = np.random.default_rng(31)
    numbers = rng.choice(charts.patients, ASKED, replace=False).tolist()
    asked = list(zip(numbers, unit(rng.standard_normal((ASKED, DIMENSION), dtype=np.float32)), strict=True))
    total = charts.patients * charts.chunks

    def ours(number: int, query: Vector) -> list[int]:
        chart = generation.chart(charts.patient_id(number))
        return [row_of(hit.chunk) for hit in chart.nearest(query, k=K)]

    def theirs(fetch_k: int) -> Callable[[int, Vector], list[int]]:
        def ask(number: int, query: Vector) -> list[int]:
            found = store.similarity_search_with_score_by_vector(
                query.tolist(), k=K, filter={"patient_id": charts.patient_id(number)}, fetch_k=fetch_k
            )
            return [int(document.page_content) for document, _ in found]

        return ask

    variants = {"ours": ours, "default": theirs(20), "all": theirs(total)}
    recall = {name: _recall(charts, asked, ask) for name, ask in variants.items()}
    taken = interleaved_cpu_s({name: _each(asked, ask) for name, ask in variants.items()}, calls=ASKED)
    ms = {name: repeats.times(1000) for name, repeats in taken.items()}
    where = f"{total:,} chunks, {charts.patients} patients"
    return Measured(
        (
            ms["ours"].figure(
                "store 200k: dense, charts open", "CPU ms", baseline=f"recall {recall['ours']:.3f}, {where}"
            ),
            ms["default"].figure(f"{NAME}, fetch_k 20", "CPU ms", baseline=f"recall {recall['default']:.3f}, {where}"),
            ms["all"].figure(f"{NAME}, fetch_k all", "CPU ms", baseline=f"recall {recall['all']:.3f}, {where}"),
            taken["all"].over(taken["ours"]).figure(
                "store 200k: speed at equal recall", "times",
                baseline=f"{NAME}, recall {recall['all']:.3f}; ours {recall['ours']:.3f}",
            ),
            Figure("store 200k: recall at 10", recall["ours"], "", 1, "at_least", "numpy brute force"),
        )
    )  # fmt: skip


def _langchain_faiss(charts: DrawnCharts) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from langchain_community.vectorstores import FAISS
        from langchain_community.vectorstores.utils import DistanceStrategy

        pairs = (
            (str(row), vector.tolist())
            for number in range(charts.patients)
            for row, vector in enumerate(charts.vectors(number))
        )
        metadatas = [
            {"patient_id": charts.patient_id(number)} for number in range(charts.patients) for _ in range(charts.chunks)
        ]
        return FAISS.from_embeddings(
            pairs, DrawnEmbeddings(), metadatas, distance_strategy=DistanceStrategy.MAX_INNER_PRODUCT
        )


def _each(asked: list[tuple[int, Vector]], ask: Callable[[int, Vector], object]) -> Callable[[], object]:
    """One call asks the next of the charts."""
    turns = cycle(asked)
    return lambda: ask(*next(turns))


def _recall(charts: DrawnCharts, asked: list[tuple[int, Vector]], ask: Callable[[int, Vector], list[int]]) -> float:
    """Mean share of the ten nearest rows, by numpy over the vectors as they were drawn, that are found."""
    exact = [set(np.argsort(-(charts.vectors(number) @ query))[:K].tolist()) for number, query in asked]
    found = [set(ask(number, query)) for number, query in asked]
    return float(np.mean([len(one & other) / K for one, other in zip(exact, found, strict=True)]))
