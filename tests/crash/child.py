"""Running a piece of work in a forked child, and killing it."""

import os
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tests.crash.watch import Board, Phase, Watch

Work = Callable[[], None]


class ChildFailed(AssertionError):
    """A child ended otherwise than it should."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: in which phase it was killed (None: it had finished), and the points it came to."""

    killed_in: Phase | None
    points: list[Phase]
    seconds: float


class Children:
    """Forks one child at a time. The parent has one thread only, as what is forked takes no thread along."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._board = Board()

    def finish(self, index: Path, work: Work) -> Ended:
        """Let a child do the work to its end.

        Raises:
            ChildFailed: it did not get there.
        """
        ended = self._run(index, work, None, None, None)
        if ended.killed_in is not None:
            raise ChildFailed("a child was killed by nobody")
        return ended

    def kill_at(self, index: Path, work: Work, point: int, *, journal: Path | None = None) -> Ended:
        """Let a child kill itself at its `point`-th point; `journal` names the inodes that it had synced."""
        return self._run(index, work, point, None, journal)

    def kill_after(self, index: Path, work: Work, seconds: float) -> Ended:
        """Kill a child after a while."""
        return self._run(index, work, None, seconds, None)

    def _run(self, index: Path, work: Work, point: int | None, seconds: float | None, journal: Path | None) -> Ended:
        if len(list(Path("/proc/self/task").iterdir())) != 1:
            raise ChildFailed("the harness has more than one thread, so that a fork would not be whole")
        self._board.clear()
        began = time.monotonic()
        pid = os.fork()
        if pid == 0:
            self._child(work, Watch(index, self._board, kill_at=point, journal=journal))
        if seconds is not None:
            time.sleep(seconds)
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        taken = time.monotonic() - began
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return Ended(self._board.phase, self._board.points, taken)
        if status != 0:
            raise ChildFailed(f"a child ended with status {status}:\n{self._log.read_text()}")
        return Ended(None, self._board.points, taken)

    def _child(self, work: Work, watch: Watch) -> NoReturn:
        code = 1
        try:
            handle = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            watch.install()
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
