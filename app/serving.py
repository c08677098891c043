"""How uvicorn serves the application."""

import logging
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app.event_stream import PING_S
from core.settings import ServiceSettings

FLUSH_S = 5
"""For readers to take what was sent to them last, once nothing is under way any more."""
KEEP_ALIVE_S = 65
# A peer that does not answer a ping within this time is gone, whatever its connection looks like.
PONG_S = 20.0


class SocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's, but silent, and patient at the end.

    Its own writes each connection's path and query to the log, at DEBUG the messages too, and a patient may stand
    there. And it cuts connections at the beginning of a shutdown, where HTTP is given time to finish.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = logging.getLogger("app.sockets")
        self.logger.setLevel(logging.WARNING)
        self.conn.logger = self.logger
        self.conn.debug = False

    async def send(self, message: Any) -> None:
        """Send one message; a refusal that is out is a handshake that is over, which the base would call a fault."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    def shutdown(self) -> None:
        """Close at once only what carries no summary; the application closes the others."""
        if not self.handshake_complete or self.close_sent:
            super().shutdown()


def server_config(app: FastAPI, settings: ServiceSettings, *, ping_s: float = PING_S) -> uvicorn.Config:
    """The server's configuration."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=FLUSH_S,
        timeout_keep_alive=KEEP_ALIVE_S,
        ws=SocketProtocol,
        ws_max_size=settings.max_body_bytes,
        ws_ping_interval=ping_s,
        ws_ping_timeout=PONG_S,
        # Deflating many small messages costs more than it saves, and one small message could inflate to much.
        ws_per_message_deflate=False,
    )
