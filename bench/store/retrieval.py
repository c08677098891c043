"""Dense retrieval at ten million and at one million chunks, in turns, beside raw scans of the same blocks."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from bench.figures import Figure, Measured, Repeats
from bench.index_of_vectors import DIMENSION, DrawnCharts, Vectors, row_of, unit
from bench.parts import Size
from bench.store.indexes import LARGE, SMALL, charts_of, open_index
from vectorstore.generation import Generation

K, REPEATS, OPENED = 10, 5, 30
CALLS = {"full": 400, "try": 60}
Vector = NDArray[np.float32]


def measure(scratch: Path, size: Size) -> Measured:
    """All figures of retrieval."""
    faiss.omp_set_num_threads(1)
    rng = np.random.default_rng(17)
    sides = {name: _Side.over(scratch, name, size, rng) for name in (LARGE, SMALL)}
    for _ in range(REPEATS):
        for _ in range(CALLS[size]):
            # The two sizes and the raw scan take turns call by call, so that a busy neighbour slows all alike.
            for side in sides.values():
                side.ask_once(rng)
        for side in sides.values():
            side.end_of_repeat()
    figures = [figure for name, side in sides.items() for figure in side.figures(name)]
    for kind, text in (_KINDS | _HYBRID).items():
        ratio = sides[LARGE].median_ms(kind).over(sides[SMALL].median_ms(kind))
        bar = 1.2 if kind in _KINDS else None
        figures.append(ratio.figure(f"store: p50 at 10M / p50 at 1M, {text}", "times", bar, "at_most"))
    recalls = [side.recall(rng) for side in sides.values()]
    figures.append(
        Figure(
            "store: recall at 10", min(recalls), "", 1, "at_least", "numpy over vectors that never were in the store"
        )
    )
    return Measured(tuple(figures))


WORDS = "creatinine stopped"
_KINDS = {"opened": "dense, chart open", "anew": "dense, chart opened anew"}
# What a template asks: vectors and BM25, whose statistics are counted when a chart is first searched. Without a bar.
_HYBRID = {"hybrid": "hybrid, chart open", "hybrid-anew": "hybrid, chart opened anew"}


@dataclass
class _Side:
    """One index and what was taken there, in milliseconds of CPU.

    `warm` keeps the charts `opened` in its cache; `generation` is asked for patient after patient, so that each chart
    has left its cache before it is asked for again.
    """

    warm: Generation
    generation: Generation
    charts: DrawnCharts
    opened: list[str]
    blocks: dict[str, Vectors]
    round: Iterator[int]
    taken: dict[str, list[list[float]]] = field(
        default_factory=lambda: {kind: [[]] for kind in ("raw", *_KINDS, *_HYBRID)}
    )

    @classmethod
    def over(cls, scratch: Path, name: str, size: Size, rng: np.random.Generator) -> "_Side":
        warm, charts = open_index(scratch, name), charts_of(name, size)
        order = rng.permutation(charts.patients).tolist()
        opened = [charts.patient_id(number) for number in order[:OPENED]]
        blocks = {patient_id: np.array(warm.chart(patient_id).vectors()) for patient_id in opened}
        for patient_id in opened:
            warm.chart(patient_id).nearest(np.zeros(DIMENSION, dtype=np.float32), k=K)
            warm.chart(patient_id).search(WORDS)
        return cls(warm, open_index(scratch, name), charts, opened, blocks, cycle(order))

    def ask_once(self, rng: np.random.Generator) -> None:
        query = unit(rng.standard_normal((1, DIMENSION), dtype=np.float32))[0]
        known, anyone = self.opened[int(rng.integers(OPENED))], self.charts.patient_id(next(self.round))
        block = self.blocks[known]
        self._time("raw", lambda: faiss.knn(query[None, :], block, K, metric=faiss.METRIC_INNER_PRODUCT))
        self._time("opened", lambda: self.warm.chart(known).nearest(query, k=K))
        self._time("anew", lambda: self.generation.chart(anyone).nearest(query, k=K))
        another = self.charts.patient_id(next(self.round))
        self._time("hybrid", lambda: self.warm.chart(known).search(WORDS))
        self._time("hybrid-anew", lambda: self.generation.chart(another).search(WORDS))

    def end_of_repeat(self) -> None:
        for values in self.taken.values():
            values.append([])

    def median_ms(self, kind: str) -> Repeats:
        return self._percentile(kind, 50)

    def figures(self, name: str) -> list[Figure]:
        raw = self.median_ms("raw")
        base = f"faiss.knn over the same block in memory, p50 {raw.median:.3f} ms"
        found = []
        for kind, text in (_KINDS | _HYBRID).items():
            calls = sum(map(len, self.taken[kind]))
            where = f"{calls:,} calls, {self.charts.patients:,} patients"
            bar = 1 if name == LARGE and kind in _KINDS else None
            found += [
                self._percentile(kind, 50).figure(f"store {name}: p50, {text}", "CPU ms", baseline=where),
                self._percentile(kind, 99).figure(f"store {name}: p99, {text}", "CPU ms", bar, "at_most", where),
            ]
        ratio = self.median_ms("opened").over(raw)
        found.append(ratio.figure(f"store {name}: dense / raw scan", "times", 2, "at_most", base))
        return found

    def recall(self, rng: np.random.Generator, asked: int = 200) -> float:
        """Share of the ten nearest, by numpy over the vectors as they were drawn, that the store finds."""
        found = 0
        for number in rng.integers(0, self.charts.patients, asked).tolist():
            query = unit(rng.standard_normal((1, DIMENSION), dtype=np.float32))[0]
            exact = np.argsort(-(self.charts.vectors(number) @ query))[:K]
            hits = self.generation.chart(self.charts.patient_id(number)).nearest(query, k=K)
            found += len(set(exact.tolist()) & {row_of(hit.chunk) for hit in hits})
        return found / (asked * K)

    def _time(self, kind: str, ask: Callable[[], object]) -> None:
        start = time.process_time_ns()
        ask()
        self.taken[kind][-1].append((time.process_time_ns() - start) / 1e6)

    def _percentile(self, kind: str, q: float) -> Repeats:
        return Repeats(tuple(float(np.percentile(values, q)) for values in self.taken[kind] if values))
