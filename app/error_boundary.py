"""The one place where errors become answers."""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import count_rejection, foreseen, respond
from app.socket_errors import SocketErrors


class ErrorBoundary:
    """Turns every error into a problem; what is unforeseen is logged without its message, which may quote input."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application within."""
        if scope["type"] == "websocket":
            await SocketErrors(send).run(self.app, scope, receive)
        elif scope["type"] == "http":
            await self._run(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as e:
            error = foreseen(e)
            if started:
                return
            request = Request(scope)
            count_rejection(request.app.state.services.metrics, error)
            await respond(request, error)(scope, receive, send)
