"""The service told to stop while summaries are under way: a real process, a real signal."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx
import orjson
import pytest

from tests.fakes.loopback import all_messages, open_socket
from tests.faults.index import build_index
from tests.faults.judge import events_of
from tests.faults.world import World, running, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

EVENTS = {"accept": "text/event-stream"}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_index(tmp_path_factory.mktemp("shutdown"), patients=1)


@pytest.fixture
def world(index: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """A service that gives summaries so many seconds to finish."""
    settings = {"ANAMNESIS_SERVICE__SHUTDOWN_S": str(request.param), "ANAMNESIS_LLM__HANG_S": "120"}
    with running(tmp_path, index, **settings) as world:
        yield world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=world.url, timeout=60) as client:
        yield client


shutting_down_within = partial(pytest.mark.parametrize, "world", indirect=True)


async def begin(
    world: World, client: httpx.AsyncClient, *forms: dict[str, str]
) -> "list[asyncio.Task[httpx.Response]]":
    """Summaries that the model is writing, in these forms."""
    patient = (await client.get("/patients")).json()["patients"][0]["patient_id"]
    fresh = {"cache-control": "no-cache"}
    asking = [
        asyncio.create_task(client.post("/summarize", json={"patient_id": patient}, headers={**fresh, **form}))
        for form in forms
    ]
    await asyncio.to_thread(until, lambda: world.under_way == len(forms), 10, "no summary was begun")
    await asyncio.to_thread(until, lambda: world.model.state()["running"] > 0, 10, "the model was not asked")
    return asking


@shutting_down_within([60])
async def test_what_can_be_finished_is_while_everybody_is_told(world: World, client: httpx.AsyncClient) -> None:
    world.model.misbehave("slow")
    asking = await begin(world, client, {}, EVENTS)
    world.stop()
    async with httpx.AsyncClient(base_url=world.url, timeout=10) as other:
        ready = await other.get("/readyz")
        refused = await other.post("/summarize", json={"patient_id": "anybody"})
    for answer in (ready, refused):
        assert (answer.status_code, answer.json()["code"]) == (503, "draining")
        assert int(answer.headers["retry-after"]) > 0
    whole, events = [await answer for answer in asking]
    assert whole.status_code == 200
    assert [name for name, _ in events_of(events.text)][-1] == "summary"
    assert await asyncio.to_thread(world.exit_code, 40) == 0


@shutting_down_within([1])
@pytest.mark.parametrize("streamed", [False, True], ids=["json", "events"])
async def test_what_cannot_be_finished_is_handed_back_as_an_error_and_never_cut_off(
    world: World, client: httpx.AsyncClient, streamed: bool
) -> None:
    world.model.signal_engine(signal.SIGSTOP)
    (asking,) = await begin(world, client, EVENTS if streamed else {})
    world.stop()
    answer = await asking
    if streamed:
        name, data = list(events_of(answer.text))[-1]
        assert (name, orjson.loads(data)["code"]) == ("error", "draining")
    else:
        assert (answer.status_code, answer.json()["code"]) == (503, "draining")
    assert await asyncio.to_thread(world.exit_code, 40) == 0
    assert "Traceback" not in (world.folder / "service.log").read_text()
    await asyncio.to_thread(until, lambda: world.model.state()["running"] == 0, 10, "the model writes for nobody")


@shutting_down_within([60])
async def test_an_idle_service_stops_at_once(world: World) -> None:
    world.stop()
    # It may be gone already, or go between taking the connection and reading from it.
    with suppress(httpx.NetworkError, httpx.RemoteProtocolError):
        async with httpx.AsyncClient(base_url=world.url) as client:
            assert (await client.get("/readyz")).status_code == 503
    assert await asyncio.to_thread(world.exit_code, 20) == 0


@shutting_down_within([60])
async def test_a_socket_that_asked_nothing_is_told_when_the_signal_comes(world: World) -> None:
    async with open_socket(world.url) as connection:
        world.stop()
        events, code = await all_messages(connection, None)
    assert ([event.fields["code"] for event in events], code) == (["draining"], 4503)
    assert await asyncio.to_thread(world.exit_code, 20) == 0
