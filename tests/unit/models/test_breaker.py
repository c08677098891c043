"""Leaving a model server alone while it does not answer."""

import asyncio
from collections.abc import Awaitable

import pytest

from chains.models import Breaker, BreakerOpen, BreakerState, ModelRejected
from core.errors import ModelUnavailable


async def request(breaker: Breaker, error: Exception | None = None) -> None:
    with breaker.passage():
        if error:
            raise error


async def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        with pytest.raises(ModelUnavailable):
            await request(breaker, ModelUnavailable("gone"))


async def answered() -> None:
    return None


async def not_answered() -> None:
    raise ModelUnavailable("still gone")


async def test_opens_after_so_many_failures_in_a_row_and_refuses_at_once() -> None:
    breaker = Breaker(failures=3)
    await fail(breaker, 2)
    await request(breaker)
    await fail(breaker, 2)
    await request(breaker)
    await fail(breaker, 3)
    assert breaker.state is BreakerState.OPEN
    with pytest.raises(BreakerOpen, match="3 requests in a row failed, the last: gone"):
        await request(breaker)


async def test_a_request_that_is_rejected_was_answered() -> None:
    breaker = Breaker(failures=2)
    for _ in range(3):
        await fail(breaker, 1)
        with pytest.raises(ModelRejected):
            await request(breaker, ModelRejected("too long"))
    assert breaker.state is BreakerState.CLOSED
    assert breaker.answered == 3


async def test_a_request_that_its_asker_gives_up_says_nothing() -> None:
    breaker = Breaker(failures=2)
    await fail(breaker, 1)
    with pytest.raises(asyncio.CancelledError), breaker.passage():
        raise asyncio.CancelledError
    await fail(breaker, 1)
    assert breaker.state is BreakerState.OPEN
    assert breaker.under_way == 0


async def test_a_trial_that_is_answered_closes_it_and_one_that_is_not_leaves_it_open() -> None:
    seen: list[BreakerState] = []
    breaker = Breaker(failures=1, report=lambda state, _: seen.append(state))
    await fail(breaker, 1)
    assert not await breaker.try_with(not_answered)
    assert "a trial failed: still gone" in breaker.reason
    assert await breaker.try_with(answered)
    await request(breaker)
    assert breaker.reason == ""
    assert [s.name for s in seen] == ["OPEN", "HALF_OPEN", "OPEN", "HALF_OPEN", "CLOSED"]


async def test_half_open_it_refuses_everything_but_the_trial() -> None:
    breaker = Breaker(failures=1)
    await fail(breaker, 1)
    going_on = asyncio.Event()
    trial = asyncio.create_task(breaker.try_with(going_on.wait))
    await asyncio.sleep(0)
    assert breaker.state is BreakerState.HALF_OPEN
    with pytest.raises(BreakerOpen):
        await request(breaker)
    going_on.set()
    assert await trial


async def test_a_trial_that_is_given_up_leaves_it_open() -> None:
    breaker = Breaker(failures=1)
    await fail(breaker, 1)
    trial = asyncio.create_task(breaker.try_with(asyncio.Event().wait))
    await asyncio.sleep(0)
    trial.cancel()
    await asyncio.gather(trial, return_exceptions=True)
    assert breaker.state is BreakerState.OPEN


async def test_tripped_it_ends_every_wait_and_what_was_waited_for() -> None:
    breaker = Breaker(failures=5)
    cancelled = 0

    async def hang() -> None:
        nonlocal cancelled
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled += 1
            raise

    async def ask(coming: Awaitable[None]) -> None:
        with breaker.passage():
            await breaker.wait(coming)

    asking = [asyncio.create_task(ask(hang())) for _ in range(3)]
    await asyncio.sleep(0)
    breaker.trip("it hangs")
    results = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(r) for r in results] == [BreakerOpen] * 3
    assert all("it hangs" in str(r) for r in results)
    assert cancelled == 3
    assert breaker.under_way == 0


async def test_a_timeout_of_what_is_waited_for_stays_one() -> None:
    async def late() -> None:
        async with asyncio.timeout(0):
            await asyncio.sleep(1)

    with pytest.raises(TimeoutError):
        await Breaker(failures=1).wait(late())
