"""How many summaries are worked on at once: as many as the model server can batch, no more than it can hold."""

from chains.models import EngineLoad

_WEIGHT = 0.5
_FEW_WAITING, _MANY_WAITING = 0.25, 1.0
_CACHE_FILLING, _CACHE_FULL = 0.85, 0.95
_DECREASE = 0.75


class AdaptiveLimit:
    """A limit between `floor` and `ceiling`, found by additive increase and multiplicative decrease.

    AIMD as Chiu and Jain (1989) showed it fair and stable, with TCP's slow start (Jacobson 1988) until it first meets
    the server's limit. The signal is not a latency, as where a server tells nothing of itself (Netflix
    concurrency-limits, Gradient2), but the server's own queue and cache. Requests waiting before the batch are set in
    relation to those in it: up to a quarter keeps the batch full, more than as many again is only waiting. One look
    may fall on a burst, so the relation is averaged over looks.
    """

    def __init__(self, *, floor: int, ceiling: int, start: int) -> None:
        self._ceiling = ceiling
        self._floor = min(floor, ceiling)
        self._limit = float(min(max(start, self._floor), ceiling))
        self._slow_start = True
        self._waiting = 0.0
        self._preemptions: int | None = None

    @property
    def value(self) -> int:
        """The limit now."""
        return int(self._limit)

    @property
    def ceiling(self) -> int:
        """The highest it may be."""
        return self._ceiling

    def observe(self, load: EngineLoad, *, inflight: int) -> None:
        """Take a look at the server into account, while `inflight` summaries are worked on.

        It rises only where the limit is in use, else it would rise without having met anything. It falls only once
        what runs has come down to it, else it would fall again and again for the same reason.
        """
        self._waiting += _WEIGHT * (load.waiting / max(load.running, 1) - self._waiting)
        preempted = self._preemptions is not None and load.preemptions > self._preemptions
        self._preemptions = load.preemptions
        full = load.kv_usage >= _CACHE_FULL or preempted
        if full or (self._waiting > _MANY_WAITING and load.waiting > load.running):
            self._slow_start = False
            if inflight <= self.value:
                self._limit = max(self._limit * _DECREASE, float(self._floor))
        elif self._waiting <= _FEW_WAITING and load.kv_usage < _CACHE_FILLING and inflight >= self.value:
            step = self._limit if self._slow_start else 1.0
            self._limit = min(self._limit + step, float(self._ceiling))
