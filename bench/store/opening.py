"""Opening ten million chunks, and the first question after it, with every page of the index evicted, and warm."""

from pathlib import Path

import numpy as np

from bench.figures import Figure, Measured, Repeats
from bench.page_cache import evict, resident_bytes
from bench.parts import Size
from bench.store.indexes import LARGE, charts_of, files_of, folder_of
from bench.store.replica import Taken, replica, tiny_index

REPEATS = 5


def measure(scratch: Path, size: Size) -> Measured:
    """Five times: a fresh process with its libraries loaded, the index evicted, then open and ask."""
    index, tiny, patients = folder_of(scratch, LARGE), tiny_index(scratch), charts_of(LARGE, size).patients
    numbers = np.random.default_rng(23).choice(patients, 2 * REPEATS, replace=False).tolist()
    files, before, left = files_of(index), [], []
    cold, cold_first, warm, warm_first = [], [], [], []
    for one, other in zip(numbers[:REPEATS], numbers[REPEATS:], strict=True):
        with replica(index, tiny) as reader:
            before.append(resident_bytes(files))
            evict(files)
            left.append(resident_bytes(files))
            cold.append(reader.open())
            cold_first.append(reader.ask([one]))
            # Files are opened already, but this patient was not read yet.
            reader.ask([other])
            warm.append(reader.open())
            warm_first.append(reader.ask([other]))
    verified = (
        f"by mincore {max(left) / 1e6:.1f} MB of the index were left in the page cache, "
        f"before {min(before) / 1e9:.2f} to {max(before) / 1e9:.2f} GB"
    )
    return Measured(
        (
            *_figures("open, pages evicted", cold, verified, bar=50),
            *_figures("first query, pages evicted", cold_first, "chart, hybrid search and dense search", bar=50),
            *_figures("open, warm", warm, "the same process opens it again"),
            *_figures("first query, warm", warm_first, "chart, hybrid search and dense search"),
        )
    )


def _figures(name: str, taken: list[Taken], baseline: str, *, bar: float | None = None) -> list[Figure]:
    wall, cpu = Repeats(tuple(t.wall_ms for t in taken)), Repeats(tuple(t.cpu_ms for t in taken))
    return [
        wall.figure(f"store 10M: {name}", "ms", bar, "at_most" if bar else "report", baseline),
        cpu.figure(f"store 10M: {name}, CPU", "CPU ms"),
    ]
