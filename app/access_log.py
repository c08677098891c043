"""One log line a request: route, status, seconds. Never an id, a query or a body."""

import logging
import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.request_id import assign_request_id

log = logging.getLogger(__name__)


class AccessLog:
    """Outermost of all, so that it sees every answer; it gives each request its id too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application within."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = assign_request_id(scope)
        began = time.perf_counter()
        status = 0

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        try:
            await self.app(scope, receive, note)
        finally:
            fields = {
                "method": scope["method"],
                "route": getattr(scope.get("route"), "path", "(none)"),
                "status": status,
                "seconds": round(time.perf_counter() - began, 4),
                "request_id": request_id,
            }
            log.info("request", extra=fields)
