"""The live generation of the index, followed while the service runs."""

import asyncio
import logging
from collections.abc import Callable

from core.errors import IndexMismatch, IndexUnavailable
from core.telemetry import Metrics, traits_of
from vectorstore.generation import Generation
from vectorstore.store import Store

log = logging.getLogger(__name__)


class IndexWatch:
    """Opens the index and switches to each new generation. A request holds the generation it began with."""

    def __init__(self, open_store: Callable[[], Store], metrics: Metrics) -> None:
        self._open_store = open_store
        self._metrics = metrics
        self._store: Store | None = None
        self._problem: IndexMismatch | IndexUnavailable | None = None
        self._listeners: list[Callable[[Generation], None]] = []

    @property
    def generation(self) -> Generation:
        """The live generation.

        Raises:
            IndexUnavailable: there is none yet, or it cannot be opened now.
            IndexMismatch: it cannot be served.
        """
        if self._store is not None:
            return self._store.generation
        if self._problem is not None:
            raise type(self._problem)(str(self._problem))
        raise IndexUnavailable("the index is being opened")

    def listen(self, listener: Callable[[Generation], None]) -> None:
        """Have `listener` called with each generation that comes, from the next one on."""
        self._listeners.append(listener)

    async def look(self) -> None:
        """Open the index, or switch to a newer generation if there is one. A bad one leaves the old one live."""
        try:
            if self._store is None:
                self._store = await asyncio.to_thread(self._open_store)
                self._report()
            elif await asyncio.to_thread(self._store.refresh):
                self._report()
            checked_at = await asyncio.to_thread(self._store.checked_at)
            if checked_at is not None:
                self._metrics.index_checked.set(checked_at)
            self._problem = None
        except (IndexMismatch, IndexUnavailable) as e:
            if str(e) != str(self._problem):
                log.error("index not usable", extra={"detail": str(e)})
            self._problem = e

    async def follow(self, poll_s: float) -> None:
        """Look for a new generation every `poll_s` seconds, for ever."""
        while True:
            await asyncio.sleep(poll_s)
            try:
                await self.look()
            except Exception as e:
                # Whatever it is, the next look may find it mended; a watch that ended would never tell.
                log.error("index not readable", extra=traits_of(e))

    def _report(self) -> None:
        try:
            generation = self.generation
        except IndexUnavailable:
            return
        self._metrics.index_generation.set(generation.number)
        self._metrics.index_notes.set(generation.manifest.counts.notes)
        self._metrics.index_published.set(generation.published_at)
        log.info("index live", extra={"generation": generation.number, "notes": generation.manifest.counts.notes})
        for listener in self._listeners:
            listener(generation)
