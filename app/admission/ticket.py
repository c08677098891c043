"""One wish for a place."""

from collections.abc import Callable, Collection
from typing import Literal, TypeAlias

Priority: TypeAlias = Literal["interactive", "batch"]


class Ticket:
    """Who wants a place, how urgently, and until when (`deadline`, the event loop's time; None waits for ever).

    It serves for one place. Urgency, deadline and whom it stands for may change while it waits. `caller` asked first;
    from the moment it has its place it is the one whose turn that was.
    """

    def __init__(self, caller: str, priority: Priority = "interactive", deadline: float | None = None) -> None:
        self.caller = caller
        self._standing = {caller: 0}
        self._priority: Priority = priority
        self._deadline = deadline
        self._stage: Literal["queued", "running"] = "queued"
        self._changed: Callable[[], None] | None = None

    @property
    def callers(self) -> Collection[str]:
        """Whom it stands for while it waits, at least one: it has its place with the first turn of any of them."""
        return self._standing.keys()

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

    def stand_for(self, caller: str) -> None:
        """One more waits for it: it joins the end of that caller's, too."""
        self._standing[caller] = self._standing.get(caller, 0) + 1
        self._tell()

    def stand_down(self, caller: str) -> None:
        """One that it stood for has left. Where nobody else of that caller's waits for it, the others' turns count."""
        self._standing[caller] = max(self._standing.get(caller, 0) - 1, 0)
        if not self._standing[caller] and len(self._standing) > 1:
            del self._standing[caller]
        self._tell()

    def promote(self) -> None:
        """A person waits for it now: it moves to the end of its callers' interactive ones."""
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

    def begin(self, caller: str) -> None:
        """It has its place, by that caller's turn."""
        self.caller = caller
        self._stage = "running"

    def _tell(self) -> None:
        if self._changed:
            self._changed()
