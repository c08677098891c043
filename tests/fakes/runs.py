"""Chains whose course a test decides, and a registry over them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

from app.admission import AdaptiveLimit, Admission, Ticket
from app.runs import Run, Runs
from chains import ChainInput, SummaryChain
from core.records import (
    ChainEvent,
    Coverage,
    EvidenceEvent,
    PromptRef,
    Provenance,
    SectionEvent,
    Summary,
    SummaryEvent,
    SummaryRequest,
    Timings,
    Usage,
)
from core.telemetry import Metrics

PROVENANCE = Provenance(1, "d", "e", None, None, PromptRef("p", "1", "s"), "v")


def summary_of(summary_id: str) -> Summary:
    """A summary that says nothing."""
    coverage = Coverage(1, 1, 0, 0, ())
    timings = Timings(0.0, None, 0.0)
    return Summary(
        summary_id, "ava", "handoff", "2026-01-01", "extractive", (), (), coverage, PROVENANCE, Usage(), timings
    )


class FakeChain:
    """Sends its evidence, does as told, ends a section and, where `whole`, the summary."""

    def __init__(self, then: Callable[[], Awaitable[Any]], *, whole: bool = True) -> None:
        self._then = then
        self._whole = whole
        self.begun = 0
        self.ended = 0

    async def astream(self, chain_input: ChainInput) -> AsyncIterator[ChainEvent]:
        """The events of one summary."""
        self.begun += 1
        try:
            yield EvidenceEvent(chain_input.summary_id, (), 1, ("n",))
            await self._then()
            yield SectionEvent("a", "ok")
            if self._whole:
                yield SummaryEvent(summary_of(chain_input.summary_id))
        finally:
            self.ended += 1


def input_of(summary_id: str) -> ChainInput:
    """What a fake chain is given."""
    return ChainInput(SummaryRequest("ava"), cast(Any, None), summary_id)


def runs_over(chain: FakeChain, *, places: int = 4, queue: int = 64, **limits: Any) -> Runs:
    """A registry of runs of that chain."""
    metrics = Metrics()
    gate = Admission(limit=AdaptiveLimit(floor=places, ceiling=places, start=places), max_queued=queue, metrics=metrics)
    return Runs(cast(SummaryChain, chain), gate, metrics, **limits)


def begun(chain: FakeChain, summary_id: str = "s", **limits: Any) -> Run:
    """A run that has just begun."""
    return runs_over(chain, **limits).begin("key", input_of(summary_id), Ticket("a"))
