"""How many summaries are worked on at once."""

import asyncio

import pytest

from app.admission import AdaptiveLimit, Admission, Ticket
from core.errors import Overloaded
from core.telemetry import Metrics


def admission(*, places: int = 1, queue: int = 0) -> Admission:
    limit = AdaptiveLimit(floor=places, ceiling=places, start=places)
    return Admission(limit=limit, max_queued=queue, metrics=Metrics())


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
