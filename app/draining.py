"""Ending in order: nothing new is begun, what is under way is finished or handed back."""

import asyncio
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import Draining

_REFUSED = "the service is about to stop; another replica, or this one in a moment, will answer"
_HANDED_BACK = "the service stops before this was finished; ask again, of another replica or in a moment"


class Drain:
    """Whether the service is to stop, and how many summaries are under way. One event loop's, told by a signal."""

    def __init__(self) -> None:
        self.under_way = 0
        self._began: float | None = None
        self._begun = asyncio.Event()
        self._hand_back: list[Callable[[Draining], None]] = []

    @property
    def draining(self) -> bool:
        """Whether nothing new may be begun."""
        return self._began is not None

    @property
    def seconds(self) -> float:
        """Since when, 0 where it is not draining."""
        return time.monotonic() - self._began if self._began is not None else 0.0

    def begin(self) -> None:
        """Begin nothing new from now on. May be called by a signal handler."""
        self._began = self._began or time.monotonic()
        self._begun.set()

    async def begun(self) -> None:
        """Wait until nothing new may be begun."""
        await self._begun.wait()

    def refuse(self) -> None:
        """Raises Draining where nothing new may be begun."""
        if self.draining:
            raise Draining(_REFUSED)

    def on_hand_back(self, end_with: Callable[[Draining], None]) -> None:
        """Have `end_with` called with the error that everything under way is to end in, once time is up."""
        self._hand_back.append(end_with)

    def hand_back(self) -> None:
        """End what is still under way, each reader being told so."""
        while self._hand_back:
            self._hand_back.pop()(Draining(_HANDED_BACK))


class DrainGate:
    """Counts summaries under way, and refuses new ones while the service drains. Reading goes on to the end."""

    def __init__(self, app: ASGIApp, *, drain: Drain) -> None:
        self.app = app
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or raise Draining."""
        if not _makes_summaries(scope):
            await self.app(scope, receive, send)
            return
        self._drain.refuse()
        self._drain.under_way += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._drain.under_way -= 1


def _makes_summaries(scope: Scope) -> bool:
    if scope["type"] == "http":
        return bool(scope["method"] == "POST" and scope["path"].startswith("/summarize"))
    return bool(scope["type"] == "websocket")
