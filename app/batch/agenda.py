"""What is still to be made, and what comes next."""

from collections import Counter, deque

from app.batch.store import Unfinished


class Agenda:
    """Pending items of batches, by number, and those under way.

    Of the callers with something pending the one with the fewest under way comes next, and of its batches the oldest.
    """

    def __init__(self) -> None:
        self._callers: dict[str, str] = {}
        self._pending: dict[str, deque[int]] = {}
        self._under_way: set[tuple[str, int]] = set()

    def __len__(self) -> int:
        """How many are under way."""
        return len(self._under_way)

    @property
    def left(self) -> int:
        """How many are not done: pending, or under way."""
        return sum(len(positions) for positions in self._pending.values()) + len(self)

    def add(self, batch: Unfinished) -> None:
        """Add a batch. One that is here already stays as it is."""
        if batch.positions and batch.batch_id not in self._callers:
            self._callers[batch.batch_id] = batch.caller
            self._pending[batch.batch_id] = deque(batch.positions)

    def drop(self, batch_id: str) -> None:
        """Begin nothing more of a batch."""
        self._pending.pop(batch_id, None)
        self._forget_if_over(batch_id)

    def next(self) -> tuple[str, int] | None:
        """The batch and position to begin now, under way from here on; None where nothing is pending."""
        if not self._pending:
            return None
        load = Counter(self._callers[batch_id] for batch_id, _ in self._under_way)
        batch_id = min(self._pending, key=lambda b: load[self._callers[b]])
        positions = self._pending[batch_id]
        chosen = batch_id, positions.popleft()
        if not positions:
            del self._pending[batch_id]
        self._under_way.add(chosen)
        return chosen

    def done(self, batch_id: str, position: int) -> None:
        """It is under way no more."""
        self._under_way.discard((batch_id, position))
        self._forget_if_over(batch_id)

    def under_way(self, batch_id: str) -> list[int]:
        """The positions of a batch that are worked on."""
        return [position for batch, position in self._under_way if batch == batch_id]

    def _forget_if_over(self, batch_id: str) -> None:
        if batch_id not in self._pending and not self.under_way(batch_id):
            self._callers.pop(batch_id, None)
