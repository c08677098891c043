"""Running a piece of work in a forked child, and what may befall it."""

import os
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tests.crash.watch import Board, Fate, Phase, Watch

Work = Callable[[], int]
"""What a child does; it ends with this exit code."""
UNDISTURBED = Fate()


class ChildFailed(AssertionError):
    """A child ended otherwise than it should."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: `status` is None where it was killed, `phase` the last one it was in."""

    status: int | None
    phase: Phase
    points: list[Phase]
    seconds: float
    said: str

    @property
    def killed_in(self) -> Phase | None:
        """The phase it was killed in, None where it ended by itself."""
        return self.phase if self.status is None else None


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
        ended = self.run(index, work)
        if ended.status != 0:
            raise ChildFailed(f"a child ended with status {ended.status}:\n{ended.said}")
        return ended

    def run(self, index: Path, work: Work, fate: Fate = UNDISTURBED, *, kill_after_s: float | None = None) -> Ended:
        """Let a child work on an index until it ends, or is killed after a while.

        Raises:
            ChildFailed: it ended with an exception, or this process has more than one thread.
        """
        if len(list(Path("/proc/self/task").iterdir())) != 1:
            raise ChildFailed("the harness has more than one thread, so that a fork would not be whole")
        self._board.clear()
        began = time.monotonic()
        pid = os.fork()
        if pid == 0:
            self._child(work, Watch(index, self._board, fate))
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        code = None if killed else os.waitstatus_to_exitcode(status)
        said = self._log.read_text()
        if code is not None and (code < 0 or "Traceback" in said):
            raise ChildFailed(f"a child ended with status {code}:\n{said}")
        return Ended(code, self._board.phase, self._board.points, time.monotonic() - began, said)

    def _child(self, work: Work, watch: Watch) -> NoReturn:
        code = 1
        try:
            handle = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            watch.install()
            code = work()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
