"""One that stands in the queue."""

import asyncio
from collections.abc import Callable

from app.admission.ticket import Priority, Ticket
from core.errors import DeadlineExceeded


class Waiter:
    """A ticket that waits, and the promise of a place. `left` is called when its deadline passes, and
    `moved` when its place in the queue may have changed."""

    def __init__(self, ticket: Ticket, *, left: Callable[["Waiter"], None], moved: Callable[["Waiter"], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self.ticket = ticket
        self.queued_as: Priority = ticket.priority
        self._since = self._loop.time()
        self.granted: asyncio.Future[Priority] = self._loop.create_future()
        self._left, self._moved = left, moved
        self._timer: asyncio.TimerHandle | None = None
        self._set_timer()
        ticket.watch(self._on_change)

    @property
    def waited_s(self) -> float:
        """How long it has waited."""
        return self._loop.time() - self._since

    def grant(self) -> bool:
        """Give it a place; False where nobody waits for it any more, for whatever reason."""
        deadline = self.ticket.deadline
        if not self.granted.done() and deadline is not None and deadline <= self._loop.time():
            self.granted.set_exception(too_late())
        if self.granted.done():
            return False
        self.granted.set_result(self.queued_as)
        return True

    def was_granted(self) -> bool:
        """Whether it has a place, even if its reader left in that moment."""
        return self.granted.done() and not self.granted.cancelled() and self.granted.exception() is None

    def close(self) -> None:
        """It waits no longer."""
        self.ticket.ignore()
        if self._timer:
            self._timer.cancel()

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        deadline = self.ticket.deadline
        self._timer = None if deadline is None else self._loop.call_at(deadline, self._expire)

    def _expire(self) -> None:
        if not self.granted.done():
            self._left(self)
            self.granted.set_exception(too_late())

    def _on_change(self) -> None:
        self._set_timer()
        self._moved(self)


def too_late() -> DeadlineExceeded:
    """The error of one whose deadline passed."""
    return DeadlineExceeded("the summary could not be begun before its deadline; ask again when less is going on")
