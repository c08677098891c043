"""Memory of one and of three replicas over the same ten million chunks."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np

from bench.figures import Figure, Measured
from bench.page_cache import evict, mapped_below, memory_of
from bench.parts import Size
from bench.store.indexes import LARGE, charts_of, files_of, folder_of
from bench.store.replica import Replica, replica, tiny_index

ASKED = {"full": 500, "try": 40}
MB = 1e6


def measure(scratch: Path, size: Size) -> Measured:
    """The same patients are asked of each replica: they are the hot set."""
    index, tiny, patients = folder_of(scratch, LARGE), tiny_index(scratch), charts_of(LARGE, size).patients
    numbers = np.random.default_rng(29).choice(patients, ASKED[size], replace=False).tolist()
    hot = ASKED[size] * charts_of(LARGE, size).chunks * 1536
    evict(files_of(index))
    with ExitStack() as stack:
        replicas = [stack.enter_context(replica(index, tiny)) for _ in range(3)]
        bare = memory_of(replicas[0].pid)
        _serve(replicas[0], numbers)
        one, one_mapped = memory_of(replicas[0].pid), mapped_below(replicas[0].pid, index)
        for other in replicas[1:]:
            _serve(other, numbers)
        three = [memory_of(r.pid) for r in replicas]
        mapped = [mapped_below(r.pid, index) for r in replicas]
    asked = f"{ASKED[size]} charts asked, {hot / MB:,.0f} MB of vectors"
    shared = sum(m.proportional for m in mapped) / one_mapped.resident
    return Measured(
        (
            Figure("store 10M: a replica before it opens the index, RSS", bare.resident / MB, "MB"),
            Figure("store 10M: one replica, RSS", one.resident / MB, "MB", baseline=asked),
            Figure("store 10M: one replica, its own memory", one.anonymous / MB, "MB", baseline="anonymous pages"),
            Figure("store 10M: one replica, mapped of the index", one_mapped.resident / MB, "MB", baseline=asked),
            Figure("store 10M: three replicas, sum of RSS", sum(m.resident for m in three) / MB, "MB"),
            Figure("store 10M: three replicas, sum of PSS", sum(m.proportional for m in three) / MB, "MB",
                   baseline="what they really take: a page shared by three counts a third for each"),
            Figure("store 10M: mapped by three, counted once, / by one", shared, "times", 1.05, "at_most",
                   "1 where all share the page cache, 3 where nobody does"),
        )
    )  # fmt: skip


def _serve(reader: Replica, numbers: list[int]) -> None:
    reader.open()
    reader.ask(numbers)
