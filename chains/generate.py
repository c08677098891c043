"""Everything in flight at once: the model's continuous batching runs it together."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from chains.compress import Compressor
from chains.draft import UNAVAILABLE, Draft
from chains.evidence import Gathered, Group
from core.errors import ModelUnavailable
from core.telemetry import Metrics

log = logging.getLogger(__name__)


async def give_up(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel what is unfinished and wait until it has ended.

    A failure that nobody takes would be logged by asyncio with its message, which may quote a chart.
    """
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def as_it_stands(group: Group) -> Draft:
    """What code itself shows for a group: its composed text, or the quote."""
    cited = tuple(e.evidence_id for e in group.evidence)
    return Draft(group, group.composed or group.quote.text, cited)


class Generator:
    """Yields what was gathered, then a draft for every group as each is ready."""

    def __init__(self, compressor: Compressor | None, metrics: Metrics) -> None:
        self._compressor = compressor
        self._metrics = metrics

    async def stream(self, incoming: AsyncIterator[Gathered]) -> AsyncIterator[Gathered | Draft]:
        """Drafts of code come at once; those of the model in the order in which it answers.

        Closing the iterator cancels every model request still in flight.
        """
        async for gathered in incoming:
            yield gathered
            compressor = self._compressor if gathered.input.model_ready else None
            groups = [group for section in gathered.sections for group in section.groups]
            tasks = [
                asyncio.create_task(self._draft(compressor, group))
                for group in groups
                if compressor and group.rewritable
            ]
            try:
                for group in groups:
                    if not (compressor and group.rewritable):
                        yield as_it_stands(group)
                for task in asyncio.as_completed(tasks):
                    yield await task
            finally:
                await give_up(tasks)

    async def _draft(self, compressor: Compressor, group: Group) -> Draft:
        try:
            with self._metrics.llm_request_seconds.time():
                return await compressor.draft(group)
        except ModelUnavailable as e:
            log.warning("model_request_failed", extra={"error": type(e).__name__})
            return Draft(group, "", (), trouble=UNAVAILABLE)
