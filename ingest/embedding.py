"""Embedding in windows of many charts, while the next window is being prepared."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.records import ProcessedNote
from ingest.comparison import ChartChange

Vectors: TypeAlias = NDArray[np.float32]
Embed: TypeAlias = Callable[[list[str]], Vectors]
WINDOW_CHUNKS = 512
"""Chunks embedded in one go: enough for the model to sort them into batches of nearly equal length, and a few MB."""
_IN_FLIGHT = 2


@dataclass(frozen=True, slots=True)
class PreparedChart:
    """A changed chart whose fresh notes are cut up; `vectors` holds those of notes that were taken over."""

    change: ChartChange
    notes: tuple[ProcessedNote, ...]
    vectors: dict[str, Vectors]
    metadata: dict[str, str]

    def texts(self) -> list[str]:
        """The words of all chunks that have no vector yet, in the order of the notes."""
        return [
            item.note.text[chunk.start : chunk.end]
            for item in self.notes
            if item.note.note_id not in self.vectors
            for chunk in item.chunks
        ]

    def all_vectors(self, fresh: Vectors) -> Vectors:
        """All vectors, in the order of the notes; `fresh` has those of `texts`. Both float32 (chunks, dimension)."""
        blocks, position = [fresh[:0]], 0
        for item in self.notes:
            known = self.vectors.get(item.note.note_id)
            if known is None:
                known = fresh[position : position + len(item.chunks)]
                position += len(item.chunks)
            blocks.append(known)
        return np.concatenate(blocks)


@dataclass(slots=True)
class _Window:
    charts: list[PreparedChart] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class WindowedEmbedder:
    """Gives charts their vectors, in the order in which they came. A context manager.

    One thread embeds while the caller prepares; at most two windows wait, so that memory stays bounded.
    """

    def __init__(self, embed: Embed, dimension: int) -> None:
        self._embed = embed
        self._dimension = dimension
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embed")
        self._window = _Window()
        self._waiting: deque[tuple[_Window, Future[Vectors]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=True)

    def add(self, chart: PreparedChart) -> Iterator[tuple[PreparedChart, Vectors]]:
        """Take one chart in; charts that are ready come out."""
        self._window.charts.append(chart)
        self._window.texts.extend(chart.texts())
        if len(self._window.texts) >= WINDOW_CHUNKS or len(self._window.charts) >= WINDOW_CHUNKS:
            self._send()
        while len(self._waiting) > _IN_FLIGHT or (self._waiting and self._waiting[0][1].done()):
            yield from self._receive()

    def finish(self) -> Iterator[tuple[PreparedChart, Vectors]]:
        """No more charts come; the rest comes out."""
        self._send()
        while self._waiting:
            yield from self._receive()

    def _send(self) -> None:
        if self._window.charts:
            window, self._window = self._window, _Window()
            self._waiting.append((window, self._thread.submit(self._vectors, window.texts)))

    def _receive(self) -> Iterator[tuple[PreparedChart, Vectors]]:
        window, future = self._waiting.popleft()
        vectors, position = future.result(), 0
        for chart in window.charts:
            count = len(chart.texts())
            yield chart, chart.all_vectors(vectors[position : position + count])
            position += count

    def _vectors(self, texts: list[str]) -> Vectors:
        """Embed each distinct text once: paragraphs are copied forward from note to note."""
        distinct = list(dict.fromkeys(texts))
        if not distinct:
            return np.zeros((0, self._dimension), dtype=np.float32)
        rows = {text: row for row, text in enumerate(distinct)}
        found = np.asarray(self._embed(distinct), dtype=np.float32)
        return found[[rows[text] for text in texts]]
