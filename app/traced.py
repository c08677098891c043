"""A span for each request for a summary, part of the caller's trace where it names one."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.tracing import joined, span

_PATHS = frozenset({"/summarize", "/summarize/batch", "/ws/summarize"})


class Traced:
    """Everything that a request sets going is within its span; other requests are not traced."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application within."""
        if scope["type"] not in {"http", "websocket"} or scope["path"] not in _PATHS:
            await self.app(scope, receive, send)
            return
        with joined(Headers(scope=scope).get("traceparent", "")), span("request", kind="server") as request:

            async def note(message: Message) -> None:
                if message["type"] == "http.response.start":
                    request.say(status=message["status"])
                elif message["type"] == "websocket.close":
                    request.say(status=message.get("code", 1000))
                await send(message)

            await self.app(scope, receive, note)
