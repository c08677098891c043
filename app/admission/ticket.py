"""One wish for a place."""

from collections.abc import Callable
from typing import Literal, TypeAlias

Priority: TypeAlias = Literal["interactive", "batch"]


class Ticket:
    """Who wants a place, how urgently, and until when (`deadline`, the event loop's time; None waits for ever).

    It serves for one place. Urgency and deadline may change while it waits.
    """

    def __init__(self, caller: str, priority: Priority = "interactive", deadline: float | None = None) -> None:
        self.caller = caller
        self._priority: Priority = priority
        self._deadline = deadline
        self._stage: Literal["queued", "running"] = "queued"
        self._changed: Callable[[], None] | None = None

    @property
    def priority(self) -> Priority:
        """Is "interactive" where a person waits, else "batch"."""
        return self._priority

    @property
    def deadline(self) -> float | None:
        """When it leaves the queue if it has no place by then."""
        return self._deadline

    @property
    def stage(self) -> Literal["queued", "running"]:
        """Is "running" from the moment it was given a place."""
        return self._stage

    def promote(self) -> None:
        """A person waits for it now: it moves to the end of the caller's interactive ones."""
        if self._priority == "batch":
            self._priority = "interactive"
            self._tell()

    def extend(self, deadline: float | None) -> None:
        """Let it wait until a later time; an earlier one changes nothing."""
        if self._deadline is not None and (deadline is None or deadline > self._deadline):
            self._deadline = deadline
            self._tell()

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed` at each change from now on; for the queue it stands in."""
        self._changed = changed

    def ignore(self) -> None:
        """It does not stand in the queue any more."""
        self._changed = None

    def begin(self) -> None:
        """It has its place."""
        self._stage = "running"

    def _tell(self) -> None:
        if self._changed:
            self._changed()
