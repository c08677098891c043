"""The model server's load, followed in the background; admission goes by it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from app.admission import Admission
from app.model_tier import ModelTier
from app.model_watch import ModelWatch
from chains.models import EngineLoad, EngineLoadProbe, ModelRejected, build_load_probe
from core.errors import ModelUnavailable
from core.settings import LLMSettings
from core.telemetry import traits_of

log = logging.getLogger(__name__)

# The page costs the server some milliseconds; a summary takes seconds.
LOOK_S = 1.0


class EngineWatch:
    """Keeps the last reading of a probe and has admission adapt to it.

    `held_back` tells how many model requests wait in this process, for the server cannot see them.
    """

    def __init__(
        self,
        probe: EngineLoadProbe | None,
        model: ModelWatch,
        admission: Admission,
        *,
        held_back: Callable[[], int] = lambda: 0,
    ) -> None:
        self._probe = probe
        self._model = model
        self._admission = admission
        self._held_back = held_back
        self._load: EngineLoad | None = None

    @property
    def load(self) -> EngineLoad | None:
        """What was read last, as the server said it; None where it does not say."""
        return self._load

    async def look(self) -> None:
        """Read the load once. While the server does not answer, the limit stays what it was."""
        if not self._model.state.ready:
            self._load = None
            self._admission.adapt_to_none()
            return
        try:
            self._load = await self._probe.read() if self._probe else None
        except ModelRejected:
            self._load = None
        except ModelUnavailable:
            return
        if self._load is None:
            self._admission.adapt_to_unknown()
        else:
            self._admission.adapt(replace(self._load, waiting=self._load.waiting + self._held_back()))

    async def follow(self, look_s: float = LOOK_S) -> None:
        """Look every `look_s` seconds, for ever."""
        while True:
            try:
                await self.look()
            except Exception as e:
                # Whatever it is, the next look may find it mended; a watch that ended would never tell.
                log.error("engine not watched", extra=traits_of(e))
            await asyncio.sleep(look_s)

    async def aclose(self) -> None:
        """Close the probe's connection."""
        if self._probe is not None:
            await self._probe.aclose()


def build_engine_watch(settings: LLMSettings, model: ModelTier, admission: Admission) -> EngineWatch:
    """The watch over the model's server; where the model was handed in, nothing of its load can be seen."""
    owned = model.owned
    if owned is None:
        return EngineWatch(None, model.watch, admission)

    def held_back() -> int:
        under_way = owned.guard.breaker.under_way if owned.guard.breaker else 0
        return max(0, under_way - settings.max_concurrency)

    return EngineWatch(build_load_probe(settings), model.watch, admission, held_back=held_back)
