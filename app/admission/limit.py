"""How many summaries are worked on at once: as many as the model server can batch, no more than it can hold."""

from chains.models import EngineLoad

_WEIGHT = 0.5
_FEW_WAITING, _MANY_WAITING, _FAR_TOO_MANY_WAITING = 1.0, 2.0, 4.0
_CACHE_FILLING, _CACHE_FULL = 0.85, 0.95
_INCREASE = 0.1
_DECREASE, _STEEP_DECREASE = 0.75, 0.5


class AdaptiveLimit:
    """A limit between `floor` and `ceiling`, found by additive increase and multiplicative decrease.

    AIMD as Chiu and Jain (1989) showed it fair and stable, clocked as TCP is (Jacobson 1988): each summary that ends
    while the server has room lets one more in, which doubles the limit once a round, until the server's limit was met;
    after that it grows by a tenth a round. A summary's requests reach the server long after its place was given, so a
    limit that rose with time would have risen far too high before the server could tell.

    The signal is not a latency, as where a server tells nothing of itself (Netflix concurrency-limits, Gradient2), but
    the server's own queue and cache. Requests waiting before the batch are set in relation to those in it: as many
    again keep the batch full through the ends of summaries, more than twice as many only wait. One look may fall on a
    burst, so the relation is averaged over looks.
    """

    def __init__(self, *, floor: int, ceiling: int, start: int) -> None:
        self._ceiling = ceiling
        self._floor = min(floor, ceiling)
        self._limit = float(min(max(start, self._floor), ceiling))
        self._met = False
        self._room = False
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

        It falls only once what runs has come down to it, else it would fall again and again for the same reason.
        """
        self._waiting += _WEIGHT * (load.waiting / max(load.running, 1) - self._waiting)
        preempted = self._preemptions is not None and load.preemptions > self._preemptions
        self._preemptions = load.preemptions
        crowded = self._waiting > _MANY_WAITING and load.waiting > load.running
        self._room = self._waiting <= _FEW_WAITING and load.kv_usage < _CACHE_FILLING and not preempted
        if crowded or preempted or load.kv_usage >= _CACHE_FULL:
            self._met = True
            if inflight <= self.value:
                by = _STEEP_DECREASE if self._waiting > _FAR_TOO_MANY_WAITING else _DECREASE
                self._limit = max(self._limit * by, float(self._floor))

    def completed(self, *, inflight: int) -> None:
        """A summary has ended, one of `inflight`.

        Only while the limit is in use may it rise, else it would rise without having met anything.
        """
        if self._room and inflight >= self.value:
            step = max(1.0, _INCREASE * self._limit) / self._limit if self._met else 1.0
            self._limit = min(self._limit + step, float(self._ceiling))
