"""A chain at work in a task of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import pytest

from app.admission import AdaptiveLimit, Admission, Ticket
from app.running import run_chain
from chains import ChainInput, SummaryChain
from core.errors import AnamnesisError, DeadlineExceeded, IndexMismatch, Overloaded
from core.records import ChainEvent, EvidenceEvent, SectionEvent
from core.telemetry import Metrics

EVIDENCE = EvidenceEvent("s", (), 1, ("n",))
INPUT = cast(ChainInput, None)


class FakeChain:
    """Sends one event, then does as told."""

    def __init__(self, then: Callable[[], Awaitable[Any]]) -> None:
        self._then = then
        self.ended = False

    async def astream(self, _input: ChainInput) -> AsyncIterator[ChainEvent]:
        try:
            yield EVIDENCE
            await self._then()
            yield SectionEvent("a", "ok")
        finally:
            self.ended = True


def admission(*, places: int = 1, queue: int = 0) -> Admission:
    limit = AdaptiveLimit(floor=places, ceiling=places, start=places)
    return Admission(limit=limit, max_queued=queue, metrics=Metrics())


async def run(chain: FakeChain, gate: Admission, *, deadline_s: float = 5.0) -> list[ChainEvent]:
    return [e async for e in run_chain(cast(SummaryChain, chain), INPUT, gate, deadline_s=deadline_s)]


async def fail(error: Exception) -> None:
    raise error


async def test_closing_the_events_cancels_the_chain_and_frees_its_place() -> None:
    chain, gate = FakeChain(lambda: asyncio.sleep(60)), admission()
    events = run_chain(cast(SummaryChain, chain), INPUT, gate, deadline_s=60)
    assert await anext(events) == EVIDENCE
    await events.aclose()
    assert chain.ended
    async with asyncio.timeout(1), gate.place(Ticket("a")):
        pass


async def test_the_events_may_be_read_from_another_task() -> None:
    events = run_chain(cast(SummaryChain, FakeChain(lambda: asyncio.sleep(0.05))), INPUT, admission(), deadline_s=5)
    await anext(events)

    async def read_on() -> ChainEvent:
        return await anext(events)

    assert await asyncio.create_task(read_on()) == SectionEvent("a", "ok")
    await events.aclose()


async def test_time_that_is_up_ends_it() -> None:
    chain = FakeChain(lambda: asyncio.sleep(60))
    with pytest.raises(DeadlineExceeded, match=r"0\.05 seconds"):
        await run(chain, admission(), deadline_s=0.05)
    assert chain.ended


async def test_a_timeout_of_the_chains_own_is_no_deadline() -> None:
    with pytest.raises(AnamnesisError) as failure:
        await run(FakeChain(lambda: fail(TimeoutError("patient text"))), admission())
    assert (failure.value.code, "patient text" in str(failure.value)) == ("internal_error", False)


async def test_errors_of_ours_pass_and_others_lose_their_words() -> None:
    with pytest.raises(IndexMismatch):
        await run(FakeChain(lambda: fail(IndexMismatch("x"))), admission())
    with pytest.raises(AnamnesisError) as failure:
        await run(FakeChain(lambda: fail(ValueError("patient text"))), admission())
    assert "patient text" not in str(failure.value)


async def test_a_chain_without_a_summary_is_an_error() -> None:
    with pytest.raises(AnamnesisError, match="without a summary"):
        await run(FakeChain(lambda: asyncio.sleep(0)), admission())


async def test_a_chain_that_is_cancelled_from_within_does_not_keep_its_reader_waiting() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    async with asyncio.timeout(1):
        with pytest.raises(AnamnesisError, match="without a summary"):
            await run(FakeChain(cancelled), admission())


async def test_a_full_queue_turns_away_and_a_waiting_one_gets_its_turn() -> None:
    gate = admission(places=1, queue=1)
    order: list[str] = []

    async def hold(name: str, seconds: float) -> None:
        async with gate.place(Ticket("a")):
            order.append(name)
            await asyncio.sleep(seconds)

    first = asyncio.create_task(hold("first", 0.05))
    await asyncio.sleep(0)
    second = asyncio.create_task(hold("second", 0))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await hold("third", 0)
    await asyncio.gather(first, second)
    assert order == ["first", "second"]


async def test_one_that_gives_up_waiting_leaves_the_queue() -> None:
    gate = admission(places=1, queue=1)
    async with gate.place(Ticket("a")):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), gate.place(Ticket("a")):
                pass
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), gate.place(Ticket("a")):
                pass
