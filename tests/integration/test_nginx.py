"""The recommended proxy in front: streams, pings, sockets, restarts, and what it writes down."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from pydantic import PrivateAttr
from websockets.exceptions import InvalidStatus

from app import event_stream, taking_up
from app.auth.keys import make_key
from tests.fakes.loopback import (
    HEADERS,
    Event,
    all_messages,
    ask,
    open_socket,
    read_events,
    read_message,
    served,
    stream,
)
from tests.fakes.nginx import Nginx, needs_nginx
from tests.fakes.service import Running, ScriptedModel, eventually

pytestmark = [pytest.mark.integration, needs_nginx]
AVA = {"patient_id": "ava"}
TRANSPORTS = pytest.mark.parametrize("transport", ["events", "socket"])


class HeldModel(ScriptedModel):
    """Answers its first request, and of the others as many as it is let go."""

    _free: asyncio.Semaphore = PrivateAttr(default_factory=lambda: asyncio.Semaphore(1))

    def let_go(self, requests: int = 1000) -> None:
        """Answer so many more."""
        for _ in range(requests):
            self._free.release()

    async def _agenerate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        await self._free.acquire()
        return await super()._agenerate(messages, *args, **kwargs)


@asynccontextmanager
async def proxied(
    tmp_path: Path, *, changes: dict[str, str] | None = None, **options: Any
) -> AsyncIterator[tuple[Running, Nginx, httpx.AsyncClient]]:
    """A service, the proxy before it, and a client of the proxy."""
    async with served(tmp_path, **options) as service:
        with Nginx(tmp_path / "nginx", str(service.client.base_url), changes) as nginx:
            async with httpx.AsyncClient(base_url=nginx.url, timeout=60) as client:
                yield service, nginx, client


async def opened(nginx: Nginx, client: httpx.AsyncClient, transport: str, request: Any) -> AsyncIterator[Event]:
    """The events of a summary through the proxy, as they come."""
    if transport == "events":
        async with client.stream("POST", "/summarize", json=request, headers=HEADERS) as answer:
            assert answer.status_code == 200
            async for event in read_events(answer):
                yield event
    else:
        async with open_socket(nginx.url) as connection:
            await connection.send(orjson.dumps(request).decode())
            async for message in connection:
                yield read_message(message)


async def gather_into(got: list[Event], events: AsyncIterator[Event]) -> None:
    async for event in events:
        got.append(event)  # noqa: PERF401  Whoever waits looks at what is there so far.


async def arrives_in_step(tmp_path: Path, transport: str, changes: dict[str, str] | None = None) -> bool:
    """Whether a reader behind the proxy has at every moment what one before it has, of a summary made bit by bit."""
    model = HeldModel(text="nonsense")
    direct: list[Event] = []
    through: list[Event] = []

    async def caught_up() -> bool:
        return len(through) == len(direct)

    async with proxied(tmp_path, changes=changes, llm=model) as (service, nginx, client):
        reading = [asyncio.create_task(gather_into(direct, opened(nginx, service.client, "events", AVA)))]
        await model.asked_more_than(0)
        reading.append(asyncio.create_task(gather_into(through, opened(nginx, client, transport, AVA))))
        steps = 0
        in_step = True
        while in_step and (not direct or direct[-1].name != "summary"):
            seen, steps = -1, steps + 1
            while len(direct) > seen:
                seen = len(direct)
                await asyncio.sleep(0.2)
            try:
                await eventually(caught_up, within_s=5)
            except AssertionError:
                in_step = False
            model.let_go(1)
        model.let_go()
        await asyncio.gather(*reading)
    assert steps > 5 or not in_step
    # One summary, since the second reader joined the first.
    assert through == direct
    return in_step


@TRANSPORTS
async def test_all_that_was_sent_arrives_before_more_is_made(tmp_path: Path, transport: str) -> None:
    assert await arrives_in_step(tmp_path, transport)


@pytest.mark.parametrize("told", [True, False])
async def test_a_site_that_compresses_holds_nothing_back_since_the_service_tells_it(tmp_path: Path, told: bool) -> None:
    site = "proxy_http_version 1.1; gzip on; gzip_proxied any; gzip_min_length 0; gzip_types text/event-stream;"
    deaf = "" if told else " proxy_ignore_headers X-Accel-Buffering;"
    assert await arrives_in_step(tmp_path, "events", {"proxy_http_version 1.1;": site + deaf}) is told


@TRANSPORTS
@pytest.mark.parametrize("pinging", [True, False])
async def test_pings_keep_a_slow_summary_alive_and_without_them_it_is_cut(
    tmp_path: Path, transport: str, pinging: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ping_s = 0.2 if pinging else 60
    monkeypatch.setattr(event_stream, "PING_S", ping_s)
    model = ScriptedModel(text="nonsense", delay_s=2.5)
    impatient = {"proxy_read_timeout 150s": "proxy_read_timeout 1s"}
    async with proxied(tmp_path, changes=impatient, llm=model, ping_s=ping_s) as (_, nginx, client):
        names = []
        try:
            names = [event.name async for event in opened(nginx, client, transport, AVA)]
        except Exception:
            assert not pinging
    assert (names[-1:] == ["summary"]) is pinging


@TRANSPORTS
async def test_a_proxy_that_was_killed_and_started_again_costs_no_event(
    tmp_path: Path, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_up, "LINGER_S", 60)
    model = HeldModel(text="nonsense")
    async with proxied(tmp_path, llm=model) as (service, nginx, client):
        got: list[Event] = []
        try:
            async for event in opened(nginx, client, transport, AVA):
                got.append(event)
                if event.name == "statement":
                    nginx.end(signal.SIGKILL)
        except Exception as broken:
            assert isinstance(broken, httpx.TransportError | ExceptionGroup | OSError) or transport == "socket"
        assert got[-1].name != "summary"
        nginx.start()
        model.let_go()
        last = got[-1].event_id
        if transport == "events":
            got += await stream(client, AVA, **{"last-event-id": last})
        else:
            async with open_socket(nginx.url) as connection:
                got += (await all_messages(connection, {**AVA, "last_event_id": last}))[0]
        summary_id = got[0].fields["summary_id"]
        stored = await service.client.get(f"/summaries/{summary_id}")
        assert [e.event_id for e in got] == [f"{summary_id}-{n}" for n in range(1, len(got) + 1)]
        assert got[-1].data == stored.content
        assert await service.metric("anamnesis_streams_resumed_total") == 1


@pytest.mark.parametrize("transport", ["json", "events", "socket"])
async def test_a_reader_who_leaves_the_proxy_frees_the_model(tmp_path: Path, transport: str) -> None:
    model = ScriptedModel(text="nonsense", delay_s=60)

    async def freed() -> bool:
        return model.cancelled == model.asked > 0

    async with proxied(tmp_path, llm=model) as (_, nginx, client):
        if transport == "json":
            reading = asyncio.ensure_future(client.post("/summarize", json=AVA))
        else:
            reading = asyncio.ensure_future(_exhaust(opened(nginx, client, transport, AVA)))
        await model.asked_more_than(0)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await eventually(freed)


async def _exhaust(events: AsyncIterator[Event]) -> Any:
    async for _ in events:
        pass


async def test_sockets_end_and_are_refused_through_the_proxy_as_without_it(tmp_path: Path) -> None:
    key, digest = make_key("ada")
    options = {"api_keys": {"ada": digest}, "session_secret": "s" * 32}
    async with proxied(tmp_path, **options) as (service, nginx, _):
        through = Running(service.app, httpx.AsyncClient(base_url=nginx.url), service.state_file)
        known = {"authorization": f"Bearer {key}"}
        assert [(await ask(through, body, headers=known))[1] for body in (AVA, {"patient_id": "nobody"}, b"{}")] == [
            1000, 4404, 1003,
        ]  # fmt: skip
        with pytest.raises(InvalidStatus) as refusal:
            await ask(through, AVA)
        body = orjson.loads(refusal.value.response.body or b"")
        assert (refusal.value.response.status_code, body["code"]) == (401, "unauthenticated")
        await through.client.aclose()


async def test_the_address_of_who_guesses_is_the_proxys_to_say(tmp_path: Path) -> None:
    _, digest = make_key("ada")
    options = {"api_keys": {"ada": digest}, "session_secret": "s" * 32}
    async with proxied(tmp_path, **options) as (_, _, client):
        statuses = []
        for n in range(11):
            headers = {"authorization": f"Bearer ada.{n}", "x-forwarded-for": f"10.0.0.{n}"}
            statuses.append((await client.get("/patients", headers=headers)).status_code)
    assert statuses == [401] * 10 + [429]


async def test_an_open_service_stays_closed_to_other_names(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (_, _, client):
        assert (await client.get("/patients", headers={"host": "charts.example"})).status_code == 403
        assert (await client.get("/patients")).status_code == 200


async def test_what_is_too_large_is_the_services_to_refuse_and_nothing_goes_to_disk(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (_, nginx, client):
        answer = await client.post("/summarize", content=b"x" * 200_000, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (413, "invalid_request")
        assert (await client.post("/summarize", json=AVA)).status_code == 200
        assert nginx.kept() == []


async def test_the_proxys_logs_hold_no_id_of_a_patient_even_where_it_fails(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (service, nginx, client):
        answered = await client.get("/patients/zyqwortel?q=zyqwortel")
        assert (await client.get("/metrics")).status_code == 404
        service.app.state.server.should_exit = True
        await asyncio.sleep(0.5)
        failed = await client.get("/patients/zyqwortel")
        assert (answered.status_code, failed.status_code) == (404, 502)
        nginx.end(signal.SIGTERM)
        logged = nginx.logged()
    assert answered.json()["request_id"] in logged
    assert "zyqwortel" not in logged
