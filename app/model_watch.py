"""Whether the model can be asked, looked up in the background so that no request waits for it."""

import asyncio
import logging

from chains.models import ModelProbe, ModelState

log = logging.getLogger(__name__)


class ModelWatch:
    """Keeps the last answer of a probe. Without a probe the state given at first stays."""

    def __init__(self, probe: ModelProbe | None, state: ModelState) -> None:
        self._probe = probe
        self._state = state

    @property
    def state(self) -> ModelState:
        """What was found last."""
        return self._state

    async def look(self) -> None:
        """Ask the probe once."""
        if self._probe is None:
            return
        state = await self._probe.check()
        if state.ready != self._state.ready:
            log.info("model ready" if state.ready else "model not ready", extra={"model": state.model})
        self._state = state

    async def follow(self, probe_s: float) -> None:
        """Ask every `probe_s` seconds, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(probe_s)

    async def aclose(self) -> None:
        """Close the probe's connection."""
        if self._probe is not None:
            await self._probe.aclose()
