"""Following a model server's load."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from app.admission import AdaptiveLimit, Admission, Ticket
from app.admission.admission import EXTRACTIVE_PLACES
from app.engine_watch import EngineWatch
from app.model_watch import ModelWatch
from chains.models import EngineLoad, EngineLoadProbe, ModelState
from core.telemetry import Metrics
from tests.fakes.openai_server import FakeOpenAIServer

READY, GONE = ModelState(True, "m", "ready"), ModelState(False, None, "gone")


@pytest.fixture
def server() -> Iterator[FakeOpenAIServer]:
    with FakeOpenAIServer() as server:
        yield server


@pytest.fixture
def gate() -> Admission:
    admission = Admission(limit=AdaptiveLimit(floor=2, ceiling=32, start=8), max_queued=9, metrics=Metrics())
    admission.adapt(EngineLoad(running=8, waiting=0, kv_usage=0.1))
    return admission


@asynccontextmanager
async def watching(
    gate: Admission, url: str, state: ModelState = READY, *, held_back: int = 0
) -> AsyncIterator[EngineWatch]:
    watch = EngineWatch(EngineLoadProbe(url), ModelWatch(None, state), gate, held_back=lambda: held_back)
    try:
        await watch.look()
        yield watch
    finally:
        await watch.aclose()


def page(*, running: int, waiting: int, kv_usage: float = 0.1) -> str:
    return (
        f'vllm:num_requests_running{{engine="0"}} {running}\n'
        f'vllm:num_requests_waiting{{engine="0"}} {waiting}\n'
        f'vllm:kv_cache_usage_perc{{engine="0"}} {kv_usage}\n'
    )


async def test_more_are_let_in_as_summaries_end_while_nothing_waits_at_the_server(
    server: FakeOpenAIServer, gate: Admission
) -> None:
    server.metrics_page = page(running=8, waiting=0)
    async with watching(gate, server.url) as watch:
        async with AsyncExitStack() as places:
            for _ in range(8):
                await places.enter_async_context(gate.place(Ticket("a")))
            assert gate.limit == 8
        assert gate.limit > 8
        assert watch.load == EngineLoad(running=8, waiting=0, kv_usage=0.1)


async def test_those_who_give_up_tell_nothing_of_the_server(server: FakeOpenAIServer, gate: Admission) -> None:
    server.metrics_page = page(running=8, waiting=0)
    async with watching(gate, server.url):
        with pytest.raises(TimeoutError):
            async with AsyncExitStack() as places:
                for _ in range(8):
                    await places.enter_async_context(gate.place(Ticket("a")))
                raise TimeoutError
        assert gate.limit == 8


async def test_fewer_are_let_in_while_the_server_queues(server: FakeOpenAIServer, gate: Admission) -> None:
    server.metrics_page = page(running=8, waiting=40)
    async with watching(gate, server.url):
        assert gate.limit == 6


async def test_fewer_are_let_in_while_its_cache_is_full(server: FakeOpenAIServer, gate: Admission) -> None:
    server.metrics_page = page(running=8, waiting=0, kv_usage=0.99)
    async with watching(gate, server.url):
        assert gate.limit == 6


async def test_what_waits_here_for_a_connection_counts_as_waiting(server: FakeOpenAIServer, gate: Admission) -> None:
    server.metrics_page = page(running=8, waiting=0)
    async with watching(gate, server.url, held_back=40):
        assert gate.limit == 6


async def test_a_server_that_does_not_tell_its_load_is_given_as_much_as_the_settings_allow(
    server: FakeOpenAIServer, gate: Admission
) -> None:
    async with watching(gate, server.url) as watch:
        assert (gate.limit, watch.load) == (32, None)
    server.metrics_page = "up 1\n"
    async with watching(gate, server.url) as watch:
        assert (gate.limit, watch.load) == (32, None)


async def test_a_look_that_fails_changes_nothing(gate: Admission) -> None:
    async with watching(gate, "http://127.0.0.1:1"):
        assert gate.limit == 8


async def test_without_a_model_few_are_worked_on_at_once(server: FakeOpenAIServer, gate: Admission) -> None:
    server.metrics_page = page(running=0, waiting=0)
    async with watching(gate, server.url, GONE):
        assert gate.limit == EXTRACTIVE_PLACES
