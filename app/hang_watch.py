"""Looks whether the model server hangs, and has it left alone when it does."""

import asyncio

from chains.models import Breaker, BreakerState, EngineLoad, EngineLoadProbe, ModelRejected, Stall
from core.errors import ModelUnavailable


class HangWatch:
    """Trips the breaker of a server that has requests at work and makes no progress for `hang_s` seconds.

    Without it a request to such a server would be waited for until its own time is up, one summary after another.
    """

    def __init__(self, probe: EngineLoadProbe, breaker: Breaker, hang_s: float) -> None:
        self._probe = probe
        self._breaker = breaker
        self._hang_s = hang_s
        self._stall = Stall(hang_s)

    async def look(self, *, healthy: bool) -> None:
        """Look once; `healthy` says whether the server has just answered."""
        load, reachable = await self._load() if healthy else (None, False)
        hangs = self._stall.hangs(
            asyncio.get_running_loop().time(),
            load,
            reachable=reachable,
            under_way=self._breaker.under_way,
            answered=self._breaker.answered,
        )
        if hangs and self._breaker.state is BreakerState.CLOSED:
            what = "made no token" if reachable else "was not reached"
            self._breaker.trip(f"the model server has requests at work and {what} for {self._hang_s:g} s")

    async def aclose(self) -> None:
        """Close the probe's connection."""
        await self._probe.aclose()

    async def _load(self) -> tuple[EngineLoad | None, bool]:
        try:
            return await self._probe.read(), True
        except ModelRejected:
            return None, True
        except ModelUnavailable:
            return None, False
