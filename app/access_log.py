"""One log line a request: route, status, seconds, of a WebSocket its close code. Never an id, a query or a body."""

import logging
import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.request_id import assign_request_id

log = logging.getLogger(__name__)

SWITCHED = 101
_STARTS = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start"})


class AccessLog:
    """Outermost of all, so that it sees every answer; it gives each request its id too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application within."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        request_id = assign_request_id(scope)
        began = time.perf_counter()
        ended: dict[str, int] = {"status": 0}

        async def note(message: Message) -> None:
            if message["type"] in _STARTS:
                ended["status"] = message.get("status", SWITCHED)
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            _note_close(message, ended)
            await send(message)

        async def hear() -> Message:
            message = await receive()
            _note_close(message, ended)
            return message

        try:
            await self.app(scope, hear, note)
        finally:
            fields = {
                "method": scope.get("method", "WEBSOCKET"),
                "route": getattr(scope.get("route"), "path", "(none)"),
                **ended,
                "seconds": round(time.perf_counter() - began, 4),
                "request_id": request_id,
            }
            log.info("request", extra=fields)


def _note_close(message: Message, ended: dict[str, int]) -> None:
    if message["type"] in {"websocket.close", "websocket.disconnect"}:
        ended.setdefault("closed", message.get("code") or 1005)
