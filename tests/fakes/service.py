"""A whole service over a small real index, and models that behave in chosen ways."""

import asyncio
import atexit
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from app.factory import create_app
from core.records import Note
from core.settings import ServiceSettings, Settings, StateSettings
from tests.fakes.charts import AVA, BEN, build_store
from vectorstore.store import Store

BASE_URL = "http://127.0.0.1:8000"
SPACE = Note("https://notes.example/ü/1?x=%2F#🫀", "site a/🫀/7", None, "Letter", None, "He has asthma. 🫀 And gout.")


class ScriptedModel(BaseChatModel):
    """Answers each request with `text` after `delay_s`, or raises `error`."""

    text: str = ""
    delay_s: float = 0.0
    error: Exception | None = None
    model: str = "scripted"
    _asked: int = PrivateAttr(default=0)
    _reached: asyncio.Event = PrivateAttr(default_factory=asyncio.Event)
    _cancelled: int = PrivateAttr(default=0)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def asked(self) -> int:
        """Requests begun."""
        return self._asked

    async def asked_more_than(self, times: int) -> None:
        """Wait until it was asked more often than that."""
        while self._asked <= times:
            self._reached.clear()
            await self._reached.wait()

    @property
    def cancelled(self) -> int:
        """Requests given up by the asker."""
        return self._cancelled

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise NotImplementedError

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self._asked += 1
        self._reached.set()
        try:
            await asyncio.sleep(self.delay_s)
        except asyncio.CancelledError:
            self._cancelled += 1
            raise
        if self.error:
            raise self.error
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self.text))])


@dataclass(frozen=True)
class Running:
    """A started service and a client of it."""

    app: FastAPI
    client: httpx.AsyncClient
    state_file: Path

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the state database holds."""
        connection = sqlite3.connect(self.state_file)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def change(self, sql: str) -> None:
        """Change the state database behind the service's back."""
        connection = sqlite3.connect(self.state_file)
        with connection:
            connection.execute(sql)
        connection.close()

    async def metric(self, series: str) -> float:
        """The value of one series, 0 where there is none."""
        text = (await self.client.get("/metrics")).text
        return next((float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(series + " ")), 0)


@cache
def shared_store() -> Store:
    """The index, built once for all tests; none of them changes it."""
    folder = Path(tempfile.mkdtemp(prefix="anamnesis-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return build_store(folder, [*AVA, *BEN, SPACE])


@asynccontextmanager
async def running(folder: Path, *, llm: BaseChatModel | None = None, **service: Any) -> AsyncIterator[Running]:
    """A started service over the charts of ava, ben and one whose ids are hard to write."""
    settings = Settings(state=StateSettings(dir=folder / "state"), service=ServiceSettings(**service))
    app = create_app(settings, llm=llm, store=shared_store())
    async with started(app, folder / "state" / "state.sqlite") as service_running:
        yield service_running


@asynccontextmanager
async def started(app: FastAPI, state_file: Path) -> AsyncIterator[Running]:
    """Start an application, and stop it at the end."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            yield Running(app, client, state_file)


async def eventually(look: Callable[[], Awaitable[bool]], *, within_s: float = 10.0) -> None:
    """Wait until something is so."""
    until = asyncio.get_running_loop().time() + within_s
    while not await look():
        assert asyncio.get_running_loop().time() < until, "it did not come about"
        await asyncio.sleep(0.02)


def events_of(text: str) -> list[tuple[str, str]]:
    """The events of a stream as (name, data)."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
        if "event" in fields:
            found.append((fields["event"], fields["data"]))
    return found
