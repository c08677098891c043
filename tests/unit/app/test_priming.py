"""The model server's cache is primed when a server comes."""

import asyncio
from contextlib import suppress

from app.model_watch import ModelWatch
from app.priming import keep_primed
from chains.models import ModelState
from chains.prime import Primer
from core.errors import ModelUnavailable
from core.telemetry import Metrics

READY, GONE = ModelState(True, "m", "ready"), ModelState(False, None, "no model server answers")


class Watch(ModelWatch):
    """A watch whose states come one at each look, the last for ever."""

    def __init__(self, *states: ModelState) -> None:
        super().__init__(None, states[-1])
        self._coming = list(states)

    @property
    def state(self) -> ModelState:
        return self._coming[0]

    def next(self) -> None:
        if len(self._coming) > 1:
            self._coming.pop(0)


class Writer:
    """Counts how often it primes."""

    def __init__(self, error: Exception | None = None) -> None:
        self.primed = 0
        self._error = error

    async def prime(self) -> None:
        self.primed += 1
        if self._error:
            raise self._error


async def primed(writer: Writer, *states: ModelState, metrics: Metrics | None = None) -> int:
    """How often a writer has primed by the end of these states."""
    watch = Watch(*states)
    task = asyncio.create_task(keep_primed(watch, Primer([writer], metrics or Metrics()), 0))
    for _ in states:
        for _ in range(4):
            await asyncio.sleep(0)
        watch.next()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return writer.primed


async def test_a_server_that_stays_is_primed_once() -> None:
    assert await primed(Writer(), READY, READY, READY) == 1


async def test_a_server_that_comes_back_or_serves_another_model_is_primed_again() -> None:
    assert await primed(Writer(), READY, GONE, READY) == 2
    assert await primed(Writer(), READY, ModelState(True, "other", "ready")) == 2


async def test_a_server_that_is_not_there_is_not_asked() -> None:
    assert await primed(Writer(), GONE, GONE) == 0


async def test_a_server_that_does_not_answer_is_tried_again_when_it_comes_back() -> None:
    assert await primed(Writer(ModelUnavailable("gone")), READY, GONE, READY) == 2
    assert await primed(Writer(RuntimeError("unforeseen")), READY, GONE, READY) == 2


async def test_priming_is_timed() -> None:
    metrics = Metrics()
    await primed(Writer(), READY, metrics=metrics)
    assert metrics.registry.get_sample_value("anamnesis_prime_seconds_count") == 1
