"""The work on a Ray cluster: rows go out to its workers through Ray Data, and results come back in the rows' order.

The caller's thread reads rows, as every engine's does, and hands them on in batches through a bounded queue; a batch is
what a worker embeds together. Ray Data gives the batches to a pool of workers, each with its own model, and makes a
worker that died work anew.
"""

import logging
import os
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from core.errors import IngestFailed, SettingsInvalid
from ingest.engines.local import WINDOW_CHARS
from ingest.work import Row, Worked, Worker

BATCH_NOTES = 64
"""Rows that travel and are embedded together: some 400 chunks, or half a megabyte."""
AHEAD = 3
"""Batches under way for each worker: one it works on, one that waits for it, one that comes back."""
# Ray speaks of itself on standard error, and reports its use over the network, unless told not to before it starts.
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal", "RAY_DATA_DISABLE_PROGRESS_BARS": "1"}

log = logging.getLogger(__name__)


class Recipe(Protocol):
    """Builds a worker in the process that it is sent to."""

    def build(self) -> Worker:
        """Load what the worker needs."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that are worked on together. Batches are numbered from 0 without a gap."""

    number: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of the rows of a batch."""

    number: int
    results: tuple[Worked, ...]


class RayEngine:
    """Runs workers on the cluster that RAY_ADDRESS names, or on one that it starts on this machine.

    `workers` processes take `cpus` cores each, all of the cluster's where `workers` is None.
    """

    def __init__(self, recipe: Recipe, *, workers: int | None = None, cpus: int = 1) -> None:
        self._recipe = recipe
        self._workers = workers
        self._cpus = cpus

    def run(self, rows: Iterable[Row]) -> Generator[Worked, None, None]:
        """Work on rows in batches.

        Raises:
            SettingsInvalid: Ray is not installed.
            IngestFailed: the cluster lost rows or fell over; what had come back is kept by the next run.
        """
        with _Cluster() as cluster:
            workers = self._workers or max(1, cluster.cpus // self._cpus)
            pipeline = _Pipeline(self._recipe, workers=workers, cpus=self._cpus)
            try:
                yield from pipeline.run(_batches(rows))
            finally:
                pipeline.close()


class _Cluster:
    """A connection to Ray, ended with the run where the run made it."""

    def __enter__(self) -> "_Cluster":
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        try:
            import ray
        except ModuleNotFoundError as e:
            raise SettingsInvalid("--engine ray needs the extra `ray`: pip install 'anamnesis[ray]'") from e
        self._ours = not ray.is_initialized()
        if self._ours:
            # Workers' own output stays in their logs; nothing of them reaches this terminal.
            ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        self.cpus = int(ray.cluster_resources().get("CPU", 1))  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *_: object) -> None:
        import ray

        if self._ours:
            ray.shutdown()


class _Pipeline:
    """One Ray Data execution, fed from this process while it runs."""

    def __init__(self, recipe: Recipe, *, workers: int, cpus: int) -> None:
        from ray.util.queue import Queue

        self._most = AHEAD * workers
        self._outgoing = Queue(maxsize=self._most + 1, actor_options={"num_cpus": 0})
        self._incoming: queue.Queue[Done | BaseException | None] = queue.Queue()
        self._dataset = _dataset(self._outgoing, recipe, workers=workers, cpus=cpus)
        self._taking = threading.Thread(target=self._take, name="ray-results", daemon=True)

    def run(self, batches: Iterator[Batch]) -> Iterator[Worked]:
        """Send batches as long as few are under way, and hand out what came back.

        Ends with the last result: Ray takes seconds more to wind the execution up, and nobody needs to wait for that.
        """
        self._taking.start()
        sent, received, all_sent = 0, 0, False
        while True:
            while not all_sent and sent - received < self._most:
                batch = next(batches, None)
                self._outgoing.put(batch)
                all_sent = batch is None
                sent += batch is not None
            if all_sent and received == sent:
                return
            done = self._incoming.get()
            if isinstance(done, BaseException):
                raise _failure(f"failed ({type(done).__name__}); its logs say why") from done
            # Ray does the work of a worker that died anew; what else goes wrong would be a gap, or rows twice.
            if done is None or done.number != received:
                raise _failure("lost rows")
            received += 1
            yield from done.results

    def close(self) -> None:
        """End what is still under way."""
        with suppress(Exception):
            self._outgoing.shutdown(force=True)
        if self._taking.is_alive():
            self._taking.join(timeout=1)

    def _take(self) -> None:
        try:
            for frame in self._dataset.iter_batches(batch_size=None, batch_format="pandas", prefetch_batches=0):
                for done in frame["done"]:
                    self._incoming.put(done)
        except BaseException as e:
            self._incoming.put(e)
        self._incoming.put(None)


def _failure(what: str) -> IngestFailed:
    return IngestFailed(f"the Ray cluster {what}. Nothing was published; what was finished is kept, so run again")


def _dataset(outgoing: Any, recipe: Recipe, *, workers: int, cpus: int) -> Any:
    import ray
    from ray.data import ActorPoolStrategy, DataContext

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    # Ray Data gathers rows until a block is large; here a row is a batch, and must not wait for others.
    context.target_min_block_size = context.target_max_block_size = 1
    return ray.data.read_datasource(_source(outgoing), override_num_blocks=1, num_cpus=0).map_batches(
        _Work,
        fn_constructor_args=(recipe,),
        batch_size=1,
        batch_format="pandas",
        compute=ActorPoolStrategy(size=workers),
        num_cpus=cpus,
    )


def _source(outgoing: Any) -> Any:
    """A source of blocks, one for each batch that is put into the queue, until None is."""
    from ray.data import Datasource, ReadTask
    from ray.data.block import BlockMetadata

    class Batches(Datasource):
        def estimate_inmemory_data_size(self) -> None:
            return None

        def get_read_tasks(self, parallelism: int, *_: Any, **__: Any) -> list[Any]:
            unknown = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
            return [ReadTask(_reading(outgoing), unknown)]

    return Batches()  # type: ignore[no-untyped-call]


def _reading(outgoing: Any) -> Callable[[], Iterator[Any]]:
    def read() -> Iterator[Any]:
        while (batch := outgoing.get()) is not None:
            yield _frame("batch", batch)

    return read


class _Work:
    """What runs in a process of the pool."""

    def __init__(self, recipe: Recipe) -> None:
        self._worker = recipe.build()

    def __call__(self, frame: Any) -> Any:
        (batch,) = frame["batch"]
        return _frame("done", Done(batch.number, tuple(self._worker.work(batch.rows))))


def _frame(name: str, content: object) -> Any:
    import pandas

    return pandas.DataFrame({name: pandas.Series([content], dtype=object)})


def _batches(rows: Iterable[Row]) -> Iterator[Batch]:
    number, chars = 0, 0
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        chars += len(row.note.text)
        if len(batch) >= BATCH_NOTES or chars >= WINDOW_CHARS:
            yield Batch(number, tuple(batch))
            number, batch, chars = number + 1, [], 0
    if batch:
        yield Batch(number, tuple(batch))
