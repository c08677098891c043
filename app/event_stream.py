"""Server-sent events, written as they come and given up when the reader goes."""

import asyncio
from collections.abc import AsyncGenerator

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from app.frames import Frame, error_frame
from app.runs import Lookup
from core.telemetry import Metrics

PING_S = 15.0
PING = b": ping\n\n"
# Milliseconds after which a client whose connection broke comes back.
RETRY = b"retry: 250\n\n"
# nginx's number for a client that did not wait; nobody reads it but the access log.
CLIENT_GONE = 499


class EventStream(Response):
    """Sends frames. What fails before the first of them is raised; a later error becomes the last event.

    A comment goes out every `ping_s` seconds, before the first event too, so that nobody in between gives up.
    FastAPI's own formatter is not used: it splits data at every line end Python knows, U+2028 among them, which a
    note may hold and JSON does not escape.
    """

    media_type = "text/event-stream"

    def __init__(
        self, frames: AsyncGenerator[Frame], *, request_id: str, metrics: Metrics, ping_s: float | None = None
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._frames = frames
        self._request_id = request_id
        self._metrics = metrics
        self._ping_s = PING_S if ping_s is None else ping_s
        self._started = False
        self._writing = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until all is sent or the client has gone; then nothing of it runs on."""
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(wait_until_gone(receive))
        pinging = asyncio.create_task(self._ping(send))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            for task in (sending, leaving, pinging):
                task.cancel()
            await asyncio.gather(sending, leaving, pinging, return_exceptions=True)
            await self._frames.aclose()
        if not self._started:
            await Response(status_code=CLIENT_GONE)(scope, receive, send)

    async def _send(self, send: Send) -> None:
        try:
            async for frame in self._frames:
                if not self._started and frame.lookup:
                    self.headers["Server-Timing"] = server_timing(frame.lookup)
                await self._write(send, format_frame(frame))
        except Exception as e:
            if not self._started:
                raise
            frame = error_frame(e, request_id=self._request_id, metrics=self._metrics)
            await self._write(send, format_frame(frame))
        async with self._writing:
            await send(_body(b"", more=False))

    async def _ping(self, send: Send) -> None:
        while True:
            await asyncio.sleep(self._ping_s)
            await self._write(send, PING)

    async def _write(self, send: Send, block: bytes) -> None:
        async with self._writing:
            if not self._started:
                self._started = True
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                block = RETRY + block
            await send(_body(block, more=True))


async def wait_until_gone(receive: Receive) -> None:
    """Return when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


def format_frame(frame: Frame) -> bytes:
    """A frame as an event of the stream."""
    head = b"id: " + frame.event_id.encode() + b"\n" if frame.event_id else b""
    return head + b"event: " + frame.name.encode() + b"\ndata: " + frame.data + b"\n\n"


def server_timing(lookup: Lookup) -> str:
    """How an answer says where it comes from (W3C Server Timing)."""
    return f'cache;desc="{lookup}"'


def _body(content: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}
