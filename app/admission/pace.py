"""How fast places come free."""

import math

_WEIGHT = 0.2
_SHORTEST_S, _LONGEST_S, _UNKNOWN_S = 1, 120, 2


class Pace:
    """Tells how long a place takes to come free, from how long places were held (a mean that forgets, weight 0.2).

    With `places` of them, each held for S seconds, `places / S` come free each second (Little 1961); where the model
    or the processor is saturated S grows until that is its true rate. What is held now counts too, once it is held
    longer than the mean: otherwise a server that hangs would look as fast as it was.
    """

    def __init__(self) -> None:
        self._mean_s: float | None = None
        self._begun = 0.0
        self._held = 0

    def begin(self, now: float) -> None:
        """A place was taken."""
        self._begun += now
        self._held += 1

    def end(self, begun: float, now: float) -> None:
        """The place that was taken at `begun` is free again."""
        self._held -= 1
        self._begun = self._begun - begun if self._held else 0.0
        took = now - begun
        self._mean_s = took if self._mean_s is None else self._mean_s + _WEIGHT * (took - self._mean_s)

    def held_s(self, now: float) -> float | None:
        """How long a place is held, in seconds; None before anything was measured."""
        if self._mean_s is None:
            return None
        age = now - self._begun / self._held if self._held else 0.0
        return max(self._mean_s, age)

    def wait_s(self, ahead: int, places: int, now: float) -> float | None:
        """Seconds until one that has `ahead` others before it gets a place; None before anything was measured."""
        held = self.held_s(now)
        return None if held is None else (ahead + 1) * held / places

    def retry_after_s(self, queued: int, places: int, now: float) -> int:
        """What to answer one who is refused: when those that wait now will have been given their places."""
        held = self.held_s(now)
        if held is None:
            return _UNKNOWN_S
        return min(max(math.ceil(max(queued, 1) * held / places), _SHORTEST_S), _LONGEST_S)
