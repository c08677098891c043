"""A limit on what is read of a request."""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import BodyTooLarge


class BodyLimit:
    """Reads the body before the application does, and raises BodyTooLarge once it is larger than allowed.

    Of a WebSocket each message is measured. `larger` names paths whose requests may have more bytes.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, larger: Mapping[str, int] | None = None) -> None:
        self.app = app
        self._max_bytes = max_bytes
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a small enough request through."""
        if scope["type"] == "websocket":
            await self.app(scope, self._limited(receive), send)
            return
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        most = self._larger.get(scope["path"], self._max_bytes)
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdigit() and int(declared) > most:
            raise _too_large(most)
        held = await _read(receive, most)

        async def replay() -> Message:
            return held.pop(0) if held else await receive()

        await self.app(scope, replay, send)

    def _limited(self, receive: Receive) -> Receive:
        # The server has a limit of its own (app/serving.py), so that it need not hold more; this one is any server's.
        async def read() -> Message:
            message = await receive()
            text = message.get("text")
            content = message.get("bytes") if text is None else text.encode("utf-8", "replace")
            if content and len(content) > self._max_bytes:
                raise _too_large(self._max_bytes)
            return message

        return read


async def _read(receive: Receive, most: int) -> list[Message]:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return [message]
        body += message.get("body", b"")
        if len(body) > most:
            raise _too_large(most)
        if not message.get("more_body", False):
            return [{"type": "http.request", "body": body, "more_body": False}]


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body may have {most} bytes at most")
