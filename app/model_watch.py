"""Whether the model can be asked, looked up in the background so that no request waits for it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from app.hang_watch import HangWatch
from chains.models import Breaker, BreakerState, ModelProbe, ModelState
from core.errors import ModelUnavailable
from core.telemetry import Metrics, traits_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trial:
    """How an open breaker is closed again: `ask` has the server generate something, within `timeout_s`."""

    breaker: Breaker
    ask: Callable[[], Awaitable[None]]
    timeout_s: float

    async def run(self) -> None:
        """Try the server once, and set the breaker by it."""

        async def ask() -> None:
            try:
                async with asyncio.timeout(self.timeout_s):
                    await self.ask()
            except TimeoutError:
                raise ModelUnavailable(f"not one token came within {self.timeout_s:g} s") from None

        await self.breaker.try_with(ask)


class ModelWatch:
    """Keeps the last answer of a probe. Without a probe the state given at first stays.

    A server that looks well while its breaker is not closed is tried before it counts as ready again: vLLM's health
    says nothing of an engine that hangs.
    """

    def __init__(
        self,
        probe: ModelProbe | None,
        state: ModelState,
        trial: Trial | None = None,
        hang_watch: HangWatch | None = None,
    ) -> None:
        self._probe = probe
        self._state = state
        self._trial = trial
        self._hang_watch = hang_watch

    @property
    def state(self) -> ModelState:
        """What was found last; not ready while the breaker is not closed."""
        if self._trial and self._trial.breaker.state is not BreakerState.CLOSED:
            return replace(self._state, ready=False, detail=self._trial.breaker.reason)
        return self._state

    async def look(self) -> None:
        """Ask the probe once; try a server that was left alone and looks well, leave one alone that hangs."""
        if self._probe is None:
            return
        before = self.state
        self._state = await self._probe.check()
        if self._hang_watch:
            await self._hang_watch.look(healthy=self._state.ready)
        if self._state.ready and self._trial and self._trial.breaker.state is BreakerState.OPEN:
            await self._trial.run()
        after = self.state
        if (after.ready, after.model) != (before.ready, before.model):
            log.info("model ready" if after.ready else "model not ready", extra={"model": after.model})

    async def follow(self, probe_s: float) -> None:
        """Ask every `probe_s` seconds, for ever."""
        while True:
            try:
                await self.look()
            except Exception as e:
                # Whatever it is, the next look may find it mended; a watch that ended would never tell.
                log.error("model not watched", extra=traits_of(e))
            await asyncio.sleep(probe_s)

    async def aclose(self) -> None:
        """Close the connections of the probes."""
        for probe in (self._probe, self._hang_watch):
            if probe is not None:
                await probe.aclose()


def reporting(metrics: Metrics) -> Callable[[BreakerState, str], None]:
    """Tells a breaker's states and reasons to the metrics and the log."""

    def report(state: BreakerState, reason: str) -> None:
        metrics.breaker_state.set(state)
        log.warning("model breaker", extra={"state": state.name.lower(), "reason": reason})

    return report
