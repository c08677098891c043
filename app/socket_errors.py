"""How a WebSocket ends that fails: refused with a problem, or closed after an `error` message."""

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from app.frames import Frame
from app.problems import NoSuchPage, count_rejection, foreseen, problem_of, respond
from app.request_id import request_id_of
from app.websocket import format_message
from core.errors import AnamnesisError

TOO_LARGE = 1009


class SocketErrors:
    """Watches one connection on its way out and turns an error into its end."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._accepted = self._over = False

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive) -> None:
        """Run the application within."""
        try:
            await app(scope, receive, self._watch)
        except WebSocketDisconnect:
            return
        except Exception as e:
            error = foreseen(e)
            if self._over:
                return
            connection = HTTPConnection(scope)
            count_rejection(connection.app.state.services.metrics, error)
            if self._accepted:
                await self._end(error, request_id_of(connection))
            else:
                await self._refuse(connection, error, receive)

    async def _watch(self, message: Message) -> None:
        if message["type"] == "websocket.close" and not self._accepted:
            # Nothing of ours closes what it did not accept: the router found no such path.
            raise NoSuchPage("there is no WebSocket at this path")
        self._accepted = self._accepted or message["type"] == "websocket.accept"
        self._over = self._over or message["type"] in {"websocket.close", "websocket.http.response.start"}
        await self._send(message)

    async def _refuse(self, connection: HTTPConnection, error: AnamnesisError, receive: Receive) -> None:
        if "websocket.http.response" in connection.scope.get("extensions", {}):
            await respond(connection, error)(connection.scope, receive, self._send)
        else:
            await self._send({"type": "websocket.close", "code": close_code_of(error)})

    async def _end(self, error: AnamnesisError, request_id: str) -> None:
        frame = Frame("error", problem_of(error, request_id))
        try:
            await self._send({"type": "websocket.send", "text": format_message(frame)})
            await self._send({"type": "websocket.close", "code": close_code_of(error)})
        except OSError:
            # The client went first.
            return


def close_code_of(error: AnamnesisError) -> int:
    """RFC 6455's code where there is one that says it, else 4000 and the HTTP status."""
    code: int | None = getattr(error, "close_code", None)
    return code or (TOO_LARGE if error.status == 413 else 4000 + error.status)
