"""The server of the process, and how it stops."""

from types import FrameType

import uvicorn
from fastapi import FastAPI

from app.draining import Drain
from app.serving import FLUSH_S, server_config
from core.settings import ServiceSettings


class Server(uvicorn.Server):
    """Goes on listening while it drains, so that whoever routes requests is told instead of finding nobody.

    The first signal to stop begins that; it ends once `drain_s` have passed and nothing is under way, or after
    `shutdown_s`, when what is left is handed back. A second signal stops at once.
    """

    def __init__(self, config: uvicorn.Config, drain: Drain, *, drain_s: float, shutdown_s: float) -> None:
        super().__init__(config)
        self._drain = drain
        self._drain_s = drain_s
        self._shutdown_s = shutdown_s

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal to stop came."""
        if self._drain.draining:
            super().handle_exit(sig, frame)
        self._drain.begin()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether to stop now."""
        return await super().on_tick(counter) or self._is_drained()

    def _is_drained(self) -> bool:
        drain = self._drain
        if not drain.draining:
            return False
        if not drain.under_way:
            return drain.seconds >= self._drain_s
        if drain.seconds >= self._shutdown_s:
            drain.hand_back()
        return drain.seconds >= self._shutdown_s + FLUSH_S


def serve(app: FastAPI, settings: ServiceSettings) -> int:
    """Serve until told to stop. Returns the exit code: 0 stopped when told, 3 could not start."""
    config = server_config(app, settings)
    server = Server(config, app.state.drain, drain_s=settings.drain_s, shutdown_s=settings.shutdown_s)
    server.run()
    return 0 if server.started else 3
