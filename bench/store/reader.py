"""`python -m bench.store.reader INDEX TINY`: one replica, told line by line what to do, answers with JSON lines.

`open` opens the index; `ask NUMBER…` opens each patient's chart and searches it. Everything that is not the index is
loaded before, with the help of the tiny index.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import faiss
import numpy as np

from bench.index_of_vectors import DrawnCharts, DrawnEmbeddings
from vectorstore.generation import Generation
from vectorstore.store import Store

WORDS = "creatinine stopped"


def main(index: str, tiny: str) -> None:
    """Answer until the input ends."""
    faiss.omp_set_num_threads(1)
    embeddings = DrawnEmbeddings()
    query = np.asarray(embeddings.embed_query(WORDS), dtype=np.float32)
    _ask(Store(Path(tiny), embeddings).generation, [0], query)
    store: Store | None = None
    _answer({"ready": True})
    for line in sys.stdin:
        verb, *rest = line.split()
        with _timed() as taken:
            if verb == "open" or store is None:
                store = Store(Path(index), embeddings)
                store.generation.manifest  # noqa: B018
            else:
                _ask(store.generation, list(map(int, rest)), query)
        _answer(taken)


def _ask(generation: Generation, numbers: list[int], query: np.ndarray) -> None:
    for number in numbers:
        chart = generation.chart(DrawnCharts(0).patient_id(number))
        chart.search(WORDS, k=12)
        chart.nearest(query, k=10)


@contextmanager
def _timed() -> Iterator[dict[str, float]]:
    taken: dict[str, float] = {}
    wall, cpu = time.perf_counter(), time.process_time()
    yield taken
    taken.update(wall_ms=1000 * (time.perf_counter() - wall), cpu_ms=1000 * (time.process_time() - cpu))


def _answer(content: object) -> None:
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
