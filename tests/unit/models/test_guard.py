"""Asking a model server once more, and leaving it alone."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from chains.models import Breaker, BreakerOpen, BreakerState, ChatVLLM, Guard
from chains.models.errors import ModelInterrupted
from core.errors import ModelUnavailable
from core.telemetry import Metrics
from tests.fakes.openai_server import Behaviour, FakeOpenAIServer


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def breaker() -> Breaker:
    return Breaker(failures=3)


@pytest.fixture
async def guarded(server: FakeOpenAIServer, breaker: Breaker, metrics: Metrics) -> AsyncIterator[ChatVLLM]:
    model = ChatVLLM(base_url=server.url, model="fake-model", timeout_s=5, guard=Guard(breaker, metrics))
    yield model
    await model.aclose()


async def ask(model: ChatVLLM, streaming: bool) -> str:
    if streaming:
        return "".join([str(chunk.content) async for chunk in model.astream("hello")])
    return str((await model.ainvoke("hello")).content)


def counted(metrics: Metrics, outcome: str) -> float:
    return metrics.registry.get_sample_value("anamnesis_llm_requests_total", {"outcome": outcome}) or 0


@pytest.mark.parametrize(
    "behaviour", ["reset", "error_in_200", "truncated", "no_finish_reason", "garbage", "500", "503_soon", "429_soon"]
)
async def test_what_was_interrupted_is_asked_once_more(
    server: FakeOpenAIServer, guarded: ChatVLLM, metrics: Metrics, behaviour: Behaviour
) -> None:
    server.script = [behaviour]
    assert await ask(guarded, False) == "hello"
    assert len(server.requests) == 2
    assert counted(metrics, "ok") == 1
    server.script = [behaviour, behaviour]
    with pytest.raises(ModelUnavailable):
        await ask(guarded, False)
    assert len(server.requests) == 4
    assert counted(metrics, "unavailable") == 1


@pytest.mark.parametrize("behaviour", ["503", "429", "503_later", "401", "400_context", "404"])
@pytest.mark.parametrize("streaming", [False, True])
async def test_what_would_fail_again_or_asks_for_patience_is_not(
    server: FakeOpenAIServer, guarded: ChatVLLM, behaviour: Behaviour, streaming: bool
) -> None:
    server.script = [behaviour]
    with pytest.raises(ModelUnavailable):
        await ask(guarded, streaming)
    assert len(server.requests) == 1


@pytest.mark.parametrize("behaviour", ["reset", "500", "503_soon"])
async def test_a_stream_is_begun_again_while_nothing_of_it_was_handed_out(
    server: FakeOpenAIServer, guarded: ChatVLLM, metrics: Metrics, behaviour: Behaviour
) -> None:
    server.script = [behaviour]
    assert await ask(guarded, True) == "hello"
    assert metrics.registry.get_sample_value("anamnesis_llm_first_token_seconds_count") == 1


async def test_a_stream_that_was_begun_is_not_begun_again(server: FakeOpenAIServer, guarded: ChatVLLM) -> None:
    server.answer = lambda prompt: "one two three four"
    server.script = ["truncated"]
    with pytest.raises(ModelUnavailable):
        await ask(guarded, True)
    assert len(server.requests) == 1


async def test_a_server_that_fails_is_left_alone_until_a_trial_is_answered(
    server: FakeOpenAIServer, guarded: ChatVLLM, breaker: Breaker, metrics: Metrics
) -> None:
    server.behaviour = "503"
    for _ in range(3):
        with pytest.raises(ModelUnavailable):
            await ask(guarded, False)
    for streaming in (False, True):
        with pytest.raises(BreakerOpen):
            await ask(guarded, streaming)
    assert len(server.requests) == 3
    assert counted(metrics, "refused_by_breaker") == 2
    assert not await breaker.try_with(guarded.try_out)
    server.behaviour = "normal"
    assert await breaker.try_with(guarded.try_out)
    assert await ask(guarded, False) == "hello"
    assert server.requests[-2]["max_tokens"] == 1


async def test_a_server_that_comes_back_with_another_model_passes_its_first_trial(
    server: FakeOpenAIServer, breaker: Breaker
) -> None:
    model = ChatVLLM(base_url=server.url, timeout_s=5, guard=Guard(breaker))
    assert await ask(model, False) == "hello"
    breaker.trip("it hangs")
    server.models = ["another"]
    assert await breaker.try_with(model.try_out)
    assert breaker.state is BreakerState.CLOSED
    assert [body["model"] for body in server.requests] == ["fake-model", "fake-model", "another"]
    await model.aclose()


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_hanging_server_is_not_waited_for_once_the_breaker_trips(
    server: FakeOpenAIServer, guarded: ChatVLLM, breaker: Breaker, streaming: bool
) -> None:
    server.behaviour = "hang"
    task = asyncio.create_task(ask(guarded, streaming))
    assert await asyncio.to_thread(server.wait_until, lambda s: s.running == 1)
    breaker.trip("it hangs")
    with pytest.raises(BreakerOpen, match="it hangs"):
        await task
    assert await asyncio.to_thread(server.wait_until, lambda s: s.running == 0)
    assert breaker.state is BreakerState.OPEN


@pytest.mark.parametrize("streaming", [False, True])
async def test_an_asker_who_leaves_is_counted_as_such(
    server: FakeOpenAIServer, guarded: ChatVLLM, metrics: Metrics, streaming: bool
) -> None:
    server.behaviour = "hang"
    task = asyncio.create_task(ask(guarded, streaming))
    assert await asyncio.to_thread(server.wait_until, lambda s: s.running == 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert counted(metrics, "cancelled") == 1
    assert counted(metrics, "unavailable") == 0


async def test_a_server_is_never_asked_again_sooner_than_it_said() -> None:
    asked: list[float] = []

    async def ask() -> str:
        asked.append(time.monotonic())
        if len(asked) == 1:
            raise ModelInterrupted("in a moment", 0.2)
        return "hello"

    assert await Guard().whole(ask) == "hello"
    assert asked[1] - asked[0] >= 0.2


async def test_a_retry_never_outlasts_the_askers_deadline(server: FakeOpenAIServer, guarded: ChatVLLM) -> None:
    server.script = ["reset", "hang"]
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await ask(guarded, False)
    assert time.monotonic() - started < 4


async def test_an_unreachable_server_is_asked_twice_and_then_named() -> None:
    model = ChatVLLM(base_url="http://no-such-host.invalid:1/v1", model="m", guard=Guard(Breaker(failures=1)))
    with pytest.raises(ModelUnavailable, match=r"no-such-host\.invalid:1"):
        await model.ainvoke("hello")
    assert model.guard.breaker and model.guard.breaker.state is BreakerState.OPEN
    await model.aclose()
