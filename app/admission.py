"""How many summaries are worked on at once, and how many may wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.errors import Overloaded
from core.telemetry import Metrics


class Admission:
    """`max_inflight` places, given out in the order of asking, to a queue of at most `max_queued`."""

    def __init__(self, *, max_inflight: int, max_queued: int, metrics: Metrics) -> None:
        self._places = asyncio.Semaphore(max_inflight)
        self._max_queued = max_queued
        self._queued = 0
        self._metrics = metrics

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place and hold it. Raises Overloaded, at once, when the queue is full."""
        if self._places.locked() and self._queued >= self._max_queued:
            raise Overloaded("too many summaries are being worked on; try again in a moment")
        self._queue(1)
        try:
            await self._places.acquire()
        finally:
            self._queue(-1)
        self._metrics.inflight_summaries.inc()
        try:
            yield
        finally:
            self._metrics.inflight_summaries.dec()
            self._places.release()

    def _queue(self, change: int) -> None:
        self._queued += change
        self._metrics.queued_summaries.set(self._queued)
