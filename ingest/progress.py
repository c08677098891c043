"""How far a run has come: a live line on a terminal, a line now and then elsewhere."""

import time
from typing import Protocol, TextIO, TypeAlias

_Step: TypeAlias = tuple[int, int | None, float | None]


class Progress(Protocol):
    """Told of every step; must cost next to nothing."""

    def update(self, stage: str, done: int, total: int | None = None, share: float | None = None) -> None:
        """`done` of `total` rows or patients of a stage; without a total, `share` (0 to 1) may be known."""
        ...

    def close(self) -> None:
        """The run is over."""
        ...


class NoProgress:
    """Says nothing."""

    def update(self, stage: str, done: int, total: int | None = None, share: float | None = None) -> None:
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
        self._first: _Step = (0, None, None)
        self._step: _Step = (0, None, None)

    def update(self, stage: str, done: int, total: int | None = None, share: float | None = None) -> None:
        """Show a step, unless one was shown a moment ago."""
        now = time.monotonic()
        step = (done, total, share)
        if stage != self._stage:
            self.close()
            self._stage, self._began, self._first, self._last = stage, now, step, now
        self._step = step
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
        line = _line(self._stage, self._first, self._step, now - self._began)
        self._stream.write(f"\r\033[K{line}" if self._live else f"{line}\n")
        self._stream.flush()


def _line(stage: str, first: _Step, step: _Step, seconds: float) -> str:
    done, total, share = step
    parts = [f"{stage}: {done:,}" + (f" of {total:,}" if total is not None else "")]
    if share is not None:
        parts.append(f"{share:.0%}")
    if seconds > 0.2 and done > first[0]:
        parts.append(f"{(done - first[0]) / seconds:,.0f}/s")
        left = _left(first, step, seconds)
        if left:
            parts.append(f"{_clock(left)} left")
    return ", ".join(parts)


def _left(first: _Step, step: _Step, seconds: float) -> float:
    """Seconds to the end of the stage at the rate so far; 0 where that cannot be told."""
    done, total, share = step
    if total is not None:
        return seconds * (total - done) / (done - first[0])
    begun = first[2] or 0.0
    return seconds * (1 - share) / (share - begun) if share is not None and share > begun else 0.0


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
