"""A circuit breaker: a model server that does not answer is left alone until it does.

The pattern is Nygard's (Release It!, 2nd ed. 2018, chapter 5). What is ours: the trial is made by whoever watches the
server, so that no reader's summary is the one to try it with, and a server found hung is no longer waited for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import TypeVar

from chains.models.errors import ModelRejected
from core.errors import ModelUnavailable

T = TypeVar("T")


class BreakerState(IntEnum):
    """As the series `anamnesis_breaker_state` tells it."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class BreakerOpen(ModelUnavailable):
    """The model was not asked, or not waited for any longer, since it is known not to answer."""


class Breaker:
    """Closed, it lets requests pass; `failures` of them failing in a row open it; open, it refuses at once.

    Requests that are under way then may still be answered, unless it was tripped. Once the server looks well again it
    is tried: half open, everything but the trial is still refused. A request that the server rejects was answered, and
    one that its asker gave up says nothing. One breaker belongs to one event loop. `report` is told each new
    state and its reason.
    """

    def __init__(self, *, failures: int, report: Callable[[BreakerState, str], None] | None = None) -> None:
        self._most = failures
        self._report = report
        self._failures = 0
        self._state = BreakerState.CLOSED
        self._reason = ""
        self._waits: set[asyncio.Timeout] = set()
        self._under_way = self._answered = 0

    @property
    def state(self) -> BreakerState:
        """Whether requests pass."""
        return self._state

    @property
    def reason(self) -> str:
        """Why it is not closed, a sentence for people; "" where it is."""
        return self._reason

    @property
    def under_way(self) -> int:
        """Requests that are being waited for."""
        return self._under_way

    @property
    def answered(self) -> int:
        """Requests answered so far, refusals included."""
        return self._answered

    @contextmanager
    def passage(self) -> Iterator[None]:
        """Let one request pass, and learn from how it ends. Raises BreakerOpen, at once, where it may not."""
        if self._state is not BreakerState.CLOSED:
            raise BreakerOpen(f"the model is not asked: {self._reason}")
        with self._judged():
            yield

    async def wait(self, coming: Awaitable[T]) -> T:
        """What `coming` gives. Raises BreakerOpen as soon as the breaker trips, and cancels `coming` then."""
        leash = asyncio.timeout(None)
        self._waits.add(leash)
        try:
            async with leash:
                return await coming
        except TimeoutError:
            if not leash.expired():
                raise
            raise BreakerOpen(f"the model is no longer waited for: {self._reason}") from None
        finally:
            self._waits.discard(leash)

    def trip(self, reason: str) -> None:
        """Open it, and end every wait."""
        self._open(reason)
        now = asyncio.get_running_loop().time()
        for leash in self._waits:
            leash.reschedule(now)

    async def try_with(self, trial: Callable[[], Awaitable[object]]) -> bool:
        """Half open it for one request of the watch's own; closed when that is answered, open again when not."""
        self._move(BreakerState.HALF_OPEN)
        try:
            with self._judged():
                await trial()
        except ModelUnavailable as e:
            if not isinstance(e, ModelRejected):
                self._open(f"a trial failed: {e}")
                return False
        except BaseException:
            self._open("a trial was given up")
            raise
        self._reason = ""
        self._move(BreakerState.CLOSED)
        return True

    @contextmanager
    def _judged(self) -> Iterator[None]:
        self._under_way += 1
        try:
            yield
        except ModelRejected:
            self._count_answer()
            raise
        except BreakerOpen:
            raise
        except ModelUnavailable as e:
            self._failures += 1
            if self._failures >= self._most and self._state is BreakerState.CLOSED:
                self._open(f"{self._failures} requests in a row failed, the last: {e}")
            raise
        else:
            self._count_answer()
        finally:
            self._under_way -= 1

    def _count_answer(self) -> None:
        self._answered += 1
        self._failures = 0

    def _open(self, reason: str) -> None:
        self._reason = reason
        self._move(BreakerState.OPEN)

    def _move(self, state: BreakerState) -> None:
        self._state = state
        if self._report:
            self._report(state, self._reason)
