"""Having the model server read what every request begins with, before a reader waits for it."""

import logging
from collections.abc import Sequence
from typing import Protocol

from core.errors import ModelUnavailable
from core.telemetry import Metrics
from core.tracing import span

log = logging.getLogger(__name__)


class Writer(Protocol):
    """What puts an opening of its own before a model."""

    async def prime(self) -> None:
        """Put the opening before the model, for one token. Raises ModelUnavailable."""


class Primer:
    """Fills a server's prefix cache with the openings of `writers`, and has it compile the form of their answers.

    Within a summary there is nothing to prime: vLLM lets requests of one step share the blocks that the first of them
    computes (docs/adr/0021-feeding-the-batch.md). What is left is the first summary after a start of the server.
    """

    def __init__(self, writers: Sequence[Writer], metrics: Metrics) -> None:
        self._writers = writers
        self._metrics = metrics

    async def prime(self) -> None:
        """Put each opening before the model. Never raises for a model that does not answer: nothing is lost."""
        try:
            with span("prime"), self._metrics.prime_seconds.time():
                for writer in self._writers:
                    await writer.prime()
        except ModelUnavailable as e:
            log.warning("not_primed", extra={"error": type(e).__name__})
