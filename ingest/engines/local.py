"""The work in this process: rows are prepared in the caller's thread while another embeds the window before."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from ingest.work import Prepared, Row, Worked, Worker

WINDOW_CHUNKS = 512
"""Chunks embedded in one go: enough for the model to sort them into batches of nearly equal length."""
WINDOW_NOTES = 512
WINDOW_CHARS = 4_000_000
WAITING = 2
"""Windows that may wait or be under way; with the one being filled they bound what is held in memory."""


class LocalEngine:
    """Runs a worker in two threads."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def run(self, rows: Iterable[Row]) -> Generator[Worked, None, None]:
        """Work on rows in windows of about `WINDOW_CHUNKS` chunks."""
        waiting: deque[Future[list[Worked]]] = deque()
        thread = ThreadPoolExecutor(1, thread_name_prefix="embed")
        try:
            for window in self._windows(rows):
                waiting.append(thread.submit(self._worker.embed, window))
                while len(waiting) >= WAITING or (waiting and waiting[0].done()):
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            thread.shutdown(cancel_futures=True)

    def _windows(self, rows: Iterable[Row]) -> Iterator[list[Prepared]]:
        window: list[Prepared] = []
        chunks = chars = 0
        for row in rows:
            prepared = self._worker.prepare(row)
            window.append(prepared)
            chunks += len(prepared.texts)
            chars += len(row.note.text)
            if chunks >= WINDOW_CHUNKS or len(window) >= WINDOW_NOTES or chars >= WINDOW_CHARS:
                yield window
                window, chunks, chars = [], 0, 0
        if window:
            yield window
