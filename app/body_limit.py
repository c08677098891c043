"""A limit on what is read of a request."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import BodyTooLarge


class BodyLimit:
    """Reads the body before the application does, and raises BodyTooLarge once it is larger than allowed.

    Of a WebSocket each message is measured.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self.app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a small enough request through."""
        if scope["type"] == "websocket":
            await self.app(scope, self._limited(receive), send)
            return
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdigit() and int(declared) > self._max_bytes:
            raise self._too_large()
        held = await self._read(receive)

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
                raise self._too_large()
            return message

        return read

    async def _read(self, receive: Receive) -> list[Message]:
        body = b""
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return [message]
            body += message.get("body", b"")
            if len(body) > self._max_bytes:
                raise self._too_large()
            if not message.get("more_body", False):
                return [{"type": "http.request", "body": body, "more_body": False}]

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"the body, or a message, may have {self._max_bytes} bytes at most")
