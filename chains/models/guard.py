"""How a model server is asked: only while it answers, once more where that helps, and counted."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import TypeVar

from chains.models.breaker import Breaker, BreakerOpen
from chains.models.errors import ModelInterrupted, ModelRejected
from core.errors import ModelUnavailable
from core.telemetry import Metrics

T = TypeVar("T")


class Guard:
    """Stands before one model server.

    Without a breaker it only asks again; without metrics it does not count. A second attempt is made where the first
    was interrupted, and of a stream only while nothing of it was handed out. The time for both is the asker's own
    deadline, whose cancellation ends either.
    """

    def __init__(self, breaker: Breaker | None = None, metrics: Metrics | None = None) -> None:
        self.breaker = breaker
        self._metrics = metrics

    async def whole(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What `ask` answers, at its second call if need be.

        Raises:
            ModelUnavailable: as `ask` does; BreakerOpen where it is not asked, or no longer waited for.
        """
        with self._request():
            try:
                return await self._wait(ask())
            except ModelInterrupted as e:
                await self._pause(e)
            return await self._wait(ask())

    async def stream(self, ask: Callable[[], AsyncGenerator[T]]) -> AsyncGenerator[T]:
        """What `ask` yields. Raises what `whole` raises."""
        with self._request():
            begun = False
            try:
                async with aclosing(self._pieces(ask())) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
                return
            except ModelInterrupted as e:
                if begun:
                    raise
                await self._pause(e)
            async with aclosing(self._pieces(ask())) as pieces:
                async for piece in pieces:
                    yield piece

    async def _pieces(self, pieces: AsyncGenerator[T]) -> AsyncGenerator[T]:
        started, first = time.perf_counter(), True
        async with aclosing(pieces):
            while True:
                try:
                    piece = await self._wait(anext(pieces))
                except StopAsyncIteration:
                    return
                if first and self._metrics:
                    self._metrics.llm_first_token_seconds.observe(time.perf_counter() - started)
                first = False
                yield piece

    async def _wait(self, coming: Awaitable[T]) -> T:
        return await (self.breaker.wait(coming) if self.breaker else coming)

    async def _pause(self, error: ModelInterrupted) -> None:
        # Spread, so that what failed together does not come back together; never sooner than the server asked for.
        await self._wait(asyncio.sleep(error.wait_s * random.uniform(1.0, 1.5)))

    @contextmanager
    def _request(self) -> Iterator[None]:
        outcome = "unavailable"
        try:
            if self.breaker:
                with self.breaker.passage():
                    yield
            else:
                yield
            outcome = "ok"
        except ModelUnavailable as e:
            outcome = _outcome(e)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            outcome = "cancelled"
            raise
        finally:
            if self._metrics:
                self._metrics.llm_requests.labels(outcome).inc()


def _outcome(error: ModelUnavailable) -> str:
    if isinstance(error, BreakerOpen):
        return "refused_by_breaker"
    return "rejected" if isinstance(error, ModelRejected) else "unavailable"
