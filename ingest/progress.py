"""How far a run has come: a live line on a terminal, a line now and then elsewhere."""

import time
from typing import Protocol, TextIO


class Progress(Protocol):
    """Told of every step; must cost next to nothing."""

    def update(self, stage: str, done: int, total: int | None = None) -> None:
        """`done` of `total` rows or notes of a stage; the total may not be known."""
        ...

    def close(self) -> None:
        """The run is over."""
        ...


class NoProgress:
    """Says nothing."""

    def update(self, stage: str, done: int, total: int | None = None) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class LineProgress:
    """Writes to a stream: ten times a second over the same line on a terminal, else every ten seconds a new one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._every = 0.1 if self._live else 10.0
        self._stage = ""
        self._began = self._last = time.monotonic()
        self._first = 0
        self._step: tuple[int, int | None] = (0, None)

    def update(self, stage: str, done: int, total: int | None = None) -> None:
        """Show a step, unless one was shown a moment ago."""
        now = time.monotonic()
        if stage != self._stage:
            self.close()
            self._stage, self._began, self._first, self._last = stage, now, done, now
        self._step = (done, total)
        if now - self._last >= self._every:
            self._last = now
            self._show(now)

    def close(self) -> None:
        """Show where the stage ended, and leave the terminal's line."""
        if self._stage:
            self._show(time.monotonic())
            self._stream.write("\n" if self._live else "")
            self._stream.flush()
        self._stage = ""

    def _show(self, now: float) -> None:
        line = _line(self._stage, *self._step, self._step[0] - self._first, now - self._began)
        self._stream.write(f"\r\033[K{line}" if self._live else f"{line}\n")
        self._stream.flush()


def _line(stage: str, done: int, total: int | None, advanced: int, seconds: float) -> str:
    rate = advanced / seconds if seconds > 0.2 else 0.0
    parts = [f"{stage}: {done:,}" + (f" of {total:,}" if total is not None else "")]
    if rate:
        parts.append(f"{rate:,.0f}/s")
        if total is not None and total > done:
            parts.append(f"{_clock((total - done) / rate)} left")
    return ", ".join(parts)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
