"""Slowing down those who guess."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from core.errors import AnamnesisError

MAX_SOURCES = 10_000


class TooManyAttempts(AnamnesisError):
    """Too many wrong keys from one place."""

    code, status = "too_many_attempts", 429

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("too many wrong keys; wait before trying again")
        self.retry_after_s = retry_after_s


class Throttle:
    """Lets a source fail `limit` times within `window_s` seconds."""

    def __init__(self, *, limit: int = 10, window_s: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._window_s = window_s
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def check(self, source: str) -> None:
        """Raise TooManyAttempts if the source has to wait."""
        failures = self._failures.get(source)
        now = self._clock()
        while failures and failures[0] <= now - self._window_s:
            failures.popleft()
        if failures and len(failures) >= self._limit:
            raise TooManyAttempts(retry_after_s=int(failures[0] + self._window_s - now) + 1)

    def failed(self, source: str) -> None:
        """Count a failure."""
        self._failures.setdefault(source, deque(maxlen=self._limit)).append(self._clock())
        self._failures.move_to_end(source)
        if len(self._failures) > MAX_SOURCES:
            self._failures.popitem(last=False)

    def succeeded(self, source: str) -> None:
        """Forget the failures."""
        self._failures.pop(source, None)
