"""Priming the model server's cache whenever the server comes, or comes back."""

import asyncio
import logging

from app.model_watch import ModelWatch
from chains.prime import Primer
from core.telemetry import traits_of

log = logging.getLogger(__name__)


async def keep_primed(model: ModelWatch, primer: Primer, look_s: float) -> None:
    """Prime each time a model is ready that was not at the last look, for ever."""
    primed: str | None = None
    while True:
        ready = model.state.model if model.state.ready else None
        if ready and ready != primed:
            try:
                await primer.prime()
            except Exception as e:
                log.warning("not_primed", extra=traits_of(e))
        primed = ready
        await asyncio.sleep(look_s)
