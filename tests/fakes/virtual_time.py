"""An event loop whose clock jumps to the next timer when nothing else is left to do: hours pass in milliseconds."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time stands still while code runs. Only for code that waits for timers and for itself, not for sockets."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 1000.0

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self._now = max(self._now, self._scheduled[0]._when)  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def run_in_virtual_time(work: Coroutine[Any, Any, T]) -> T:
    """What `asyncio.run` does, by a clock that does not make anybody wait."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
