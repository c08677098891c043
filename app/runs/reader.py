"""One of the readers of a run."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from app.admission import Priority
from core.errors import DeadlineExceeded
from core.records import ChainEvent

if TYPE_CHECKING:
    from app.runs.run import Run


@dataclass(frozen=True, slots=True)
class Wish:
    """How a reader reads: until when it waits (the loop's time), whether somebody sits before a screen, for how long
    after it left it may come back, and whose turns count for it in the queue ("" for nobody's)."""

    deadline: float | None = None
    priority: Priority = "interactive"
    linger_s: float = 0.0
    caller: str = ""


class Reader:
    """Reads a run from its joining until the context is left. The last reader to leave has the run cancelled."""

    def __init__(self, run: Run, wish: Wish) -> None:
        self.run = run
        self._wish = wish

    async def __aenter__(self) -> Reader:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Who has waited too long will not come back for more.
        await self.run.leave(0.0 if isinstance(error, DeadlineExceeded) else self._wish.linger_s, self._wish.caller)

    def events(self, after: int = 0) -> AsyncGenerator[tuple[int, ChainEvent]]:
        """The events numbered above `after`, as they come; see `Run.follow`."""
        return self.run.follow(after, deadline=self._wish.deadline)
