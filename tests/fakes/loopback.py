"""The service behind its real server on a loopback port, in the test's own event loop, and clients of both streams."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import uvicorn
from fastapi import FastAPI
from langchain_core.language_models import BaseChatModel
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from app.factory import create_app
from app.server import Server
from app.serving import server_config
from core.settings import ServiceSettings, Settings, StateSettings
from tests.fakes.service import Running, shared_store

HEADERS = {"accept": "text/event-stream"}


@dataclass(frozen=True)
class Event:
    """An event as a client got it, over whichever transport; `data` is its JSON, word for word."""

    event_id: str
    name: str
    data: bytes

    @property
    def fields(self) -> Any:
        """The data, parsed."""
        return orjson.loads(self.data)


@asynccontextmanager
async def served(
    folder: Path, *, llm: BaseChatModel | None = None, ping_s: float = 15.0, pong_s: float = 20.0, **service: Any
) -> AsyncIterator[Running]:
    """A started service; `client` speaks to it over TCP."""
    settings = Settings(state=StateSettings(dir=folder / "state"), service=ServiceSettings(**service))
    app = create_app(settings, llm=llm, store=shared_store())
    config = server_config(app, settings.service, ping_s=ping_s)
    config.ws_ping_timeout = pong_s
    async with listening(config) as address, httpx.AsyncClient(base_url=address, timeout=60) as client:
        yield Running(app, client, folder / "state" / "state.sqlite")


@asynccontextmanager
async def listening(config: uvicorn.Config) -> AsyncIterator[str]:
    """Run a server on a free port; the value is its address. `app.state.server` is the server."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    assert isinstance(config.app, FastAPI)
    server = Server(config, config.app.state.drain, drain_s=0, shutdown_s=0.5)
    config.app.state.server = server
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            assert not running.done(), "the test server did not start"
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listener.close()


def open_socket(service: Running | str, **options: Any) -> connect:
    """A WebSocket to /ws/summarize; to be entered."""
    address = service if isinstance(service, str) else str(service.client.base_url)
    headers = options.pop("headers", None)
    host, _, port = address.removeprefix("http://").rstrip("/").partition(":")
    url = f"ws://{options.pop('name', host)}:{port}{options.pop('path', '/ws/summarize')}"
    return connect(url, additional_headers=headers, proxy=None, host=host, port=int(port), **options)


async def all_messages(connection: ClientConnection, request: Any) -> tuple[list[Event], int]:
    """Send a request, if there is one, and read to the end: the messages, and the close code."""
    got = []
    if request is not None:
        await connection.send(request if isinstance(request, str | bytes) else orjson.dumps(request).decode())
    try:
        while True:
            got.append(read_message(await connection.recv()))
    except ConnectionClosed as end:
        return got, end.rcvd.code if end.rcvd else 1006


def read_message(message: str | bytes) -> Event:
    """One message; its data is cut out, not parsed, so that bytes can be compared."""
    assert isinstance(message, str)
    whole = orjson.loads(message)
    head, _, rest = message.partition('"data":')
    assert head.endswith(",")
    return Event(whole.get("id", ""), whole["event"], rest[:-1].encode())


async def ask(service: Running, request: Any, **options: Any) -> tuple[list[Event], int]:
    """One request over a WebSocket of its own."""
    async with open_socket(service, **options) as connection:
        return await all_messages(connection, request)


async def stream(client: httpx.AsyncClient, request: Any, **headers: str) -> list[Event]:
    """One request as server-sent events, to the end."""
    async with client.stream("POST", "/summarize", json=request, headers={**HEADERS, **headers}) as answer:
        assert answer.status_code == 200, await answer.aread()
        return [event async for event in read_events(answer)]


async def read_events(answer: httpx.Response) -> AsyncIterator[Event]:
    """The events of an answer as they come."""
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        name, colon, value = line.partition(": ")
        if colon and name:
            fields[name] = value
        elif not line:
            if "event" in fields:
                yield Event(fields.get("id", ""), fields["event"], fields["data"].encode())
            fields = {}
