"""One program the supervisor has started, on a leash, with its output in a log file."""

import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.descendants import descendants, send


class Child:
    """A running command. Both its streams go to `log`; it ends, with all its descendants, when this process does."""

    def __init__(
        self, name: str, command: Sequence[str], *, environment: Mapping[str, str], log: Path, grace_s: float = 10.0
    ) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            self._leash = subprocess.Popen(
                [sys.executable, "-m", "deploy.local.leash", str(grace_s), *command],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The leash's pid; every process of the command descends from it."""
        return self._leash.pid

    def exit_code(self) -> int | None:
        """The command's exit status, None while it runs."""
        return self._leash.poll()

    def let_go(self) -> None:
        """Ask the command and everything it started to end; returns at once."""
        if self._leash.stdin:
            self._leash.stdin.close()

    def wait(self) -> int:
        """Wait until nothing of it is left."""
        return self._leash.wait()

    def kill_now(self) -> None:
        """End everything without grace. Only the leash knows all of it, so it is told, not killed."""
        send(descendants(self.pid), signal.SIGKILL)


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, indented; empty where there is none."""
    try:
        with log.open(errors="replace") as file:
            return "".join(f"    {line.rstrip()}\n" for line in deque(file, lines))
    except OSError:
        return ""
