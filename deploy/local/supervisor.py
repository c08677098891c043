"""The programs of one `make run`: started one by one, shown while they run, and ended together."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local.address import answers
from deploy.local.child import Child, tail

HEARTBEAT_S = 15.0
_LOOK_S = 0.1


class Failed(Exception):
    """Something that `make run` cannot do without has failed; the message is for the terminal."""


class Stopped(Exception):
    """Somebody asked for the end."""


class Supervisor:
    """Holds every child. `say` writes to the terminal, every child gets `environment`, logs go to `logs`."""

    def __init__(self, *, environment: Mapping[str, str], logs: Path, say: Callable[[str], None]) -> None:
        self.say = say
        self._environment = environment
        self._logs = logs
        self._children: list[Child] = []
        self._stops = 0

    def stop(self) -> None:
        """Ask for the end, from a signal handler too; asked again while ending, nothing is waited for."""
        self._stops += 1

    def look(self) -> None:
        """Wait a moment; raises Stopped once the end was asked for."""
        if self._stops:
            raise Stopped
        time.sleep(_LOOK_S)

    def start(self, name: str, command: tuple[str, ...], environment: Mapping[str, str] | None = None) -> Child:
        """Start a child whose output goes to a fresh `<name>.log`."""
        log = self._logs / f"{name}.log"
        log.unlink(missing_ok=True)
        child = Child(name, command, environment={**self._environment, **(environment or {})}, log=log)
        self._children.append(child)
        return child

    def run(self, name: str, command: tuple[str, ...]) -> None:
        """Run a command to its end, showing what it prints; its JSON log lines stay in the file.

        Raises:
            Failed: it ended with another status than 0.
            Stopped: the end was asked for meanwhile.
        """
        child = self.start(name, command)
        started = shown = time.monotonic()
        with child.log.open(errors="replace") as lines:
            while (code := child.exit_code()) is None:
                if self._show(lines.read()):
                    shown = time.monotonic()
                elif time.monotonic() - shown > HEARTBEAT_S:
                    shown = time.monotonic()
                    self.say(f"{name}: {shown - started:.0f} s")
                self.look()
            self._show(lines.read())
        if code:
            raise Failed(report(child, code))

    def wait_for(self, child: Child, url: str) -> None:
        """Wait until `url`, which `child` serves, answers 200.

        Raises:
            Failed: it ended instead.
            Stopped: the end was asked for meanwhile.
        """
        started = beat = time.monotonic()
        while not answers(url):
            if (code := child.exit_code()) is not None:
                raise Failed(report(child, code))
            if time.monotonic() - beat > HEARTBEAT_S:
                beat = time.monotonic()
                self.say(f"{child.name}: starting, {beat - started:.0f} s")
            self.look()

    def end_all(self) -> None:
        """End every child and everything they started; a further `stop` cuts the waiting short."""
        for child in self._children:
            child.let_go()
        asked = self._stops
        while any(child.exit_code() is None for child in self._children):
            if self._stops > asked:
                for child in self._children:
                    child.kill_now()
            time.sleep(_LOOK_S / 2)

    def _show(self, text: str) -> bool:
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("{")]
        for line in lines:
            self.say(f"  {line}")
        return bool(lines)


def report(child: Child, code: int) -> str:
    """That a child ended, with the end of its log."""
    return f"{child.name} ended ({code}); the end of {child.log}:\n{tail(child.log)}"
