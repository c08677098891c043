"""Server-sent events, written as they come and given up when the reader goes."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress

import orjson
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from app.problems import count_rejection, problem_body
from app.runs.run import encode
from core.errors import AnamnesisError
from core.records import ChainEvent, EvidenceEvent, SectionEvent, StatementEvent
from core.telemetry import Metrics, traits_of

log = logging.getLogger(__name__)

PING_S = 15.0
PING = b": ping\n\n"


class EventStream(Response):
    """Sends `first` and what follows it. An error becomes the last event.

    FastAPI's own formatter is not used: it splits data at every line end Python knows, U+2028 among them, which a
    note may hold and JSON does not escape.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        first: ChainEvent,
        rest: AsyncGenerator[ChainEvent],
        *,
        request_id: str,
        metrics: Metrics,
        ping_s: float = PING_S,
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._first = first
        self._rest = rest
        self._request_id = request_id
        self._metrics = metrics
        self._ping_s = ping_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until all is sent or the client has gone; then nothing of it runs on."""
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(wait_until_gone(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            await self._rest.aclose()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for block in self._blocks():
            await send(_body(block, more=True))
        await send(_body(b"", more=False))

    async def _blocks(self) -> AsyncIterator[bytes]:
        yield format_event(self._first)
        while True:
            coming = asyncio.ensure_future(anext(self._rest))
            try:
                while not (await asyncio.wait({coming}, timeout=self._ping_s))[0]:
                    yield PING
                yield format_event(coming.result())
            except StopAsyncIteration:
                return
            except Exception as e:
                yield self._error(e)
                return
            finally:
                if not coming.done():
                    coming.cancel()
                    with suppress(asyncio.CancelledError, StopAsyncIteration, AnamnesisError):
                        await coming

    def _error(self, failure: Exception) -> bytes:
        error = failure
        if not isinstance(error, AnamnesisError):
            log.error("the stream failed", extra=traits_of(failure))
            error = AnamnesisError("the service failed; its log says where")
        count_rejection(self._metrics, error)
        return _block("error", problem_body(error.status, error.code, str(error), self._request_id))


async def wait_until_gone(receive: Receive) -> None:
    """Return when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


def format_event(event: ChainEvent) -> bytes:
    """An event in the form of docs/api.md."""
    if isinstance(event, EvidenceEvent):
        fields = {
            "summary_id": event.summary_id,
            "sections": event.sections,
            "notes_considered": event.notes_considered,
        }
        return _block("evidence", orjson.dumps(fields))
    if isinstance(event, StatementEvent):
        statement = event.statement
        return _block("statement", orjson.dumps({"section": event.section, **orjson.loads(orjson.dumps(statement))}))
    if isinstance(event, SectionEvent):
        return _block("section", orjson.dumps(event))
    return _block("summary", encode(event.summary))


def _block(name: str, data: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"


def _body(content: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}
