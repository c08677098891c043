"""Seeing, from within a process that shall be killed, what it is about to do to the disk.

Python's audit hook tells of files that are opened, renamed and removed, SQLite's trace of transactions, and `os.fsync`
is wrapped. Each of these is a *point*; at the one it is given the process kills itself, or finds the disk full.
"""

import errno
import mmap
import os
import signal
import sqlite3
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, auto
from pathlib import Path
from typing import Any

MOST_POINTS = 8000
_TRANSACTIONS = {"BEGIN", "COMMIT", "CREATE", "DROP"}
_WITHOUT_SPACE = {"reopen", "os.remove", "os.rmdir", "os.truncate"}
_HEAD = struct.Struct("<BI")


class Phase(StrEnum):
    """What a writer is doing."""

    READING = auto()
    STAGING = auto()
    SEGMENT = auto()
    MANIFEST = auto()
    POINTER = auto()
    COMPACTION = auto()
    COLLECTION = auto()


PHASES = tuple(Phase)


@dataclass(frozen=True, slots=True)
class Fate:
    """What befalls a child at which of its points (from 1); `journal` is where it notes the inodes that it synced."""

    kill_at: int | None = None
    full_from: int | None = None
    journal: Path | None = None


class Board:
    """A page that parent and child share: the child's phase, and the phase of each point it came to."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, _HEAD.size + MOST_POINTS)
        self.clear()

    def clear(self) -> None:
        """Ready for the next child."""
        _HEAD.pack_into(self._page, 0, 0, 0)

    def set(self, phase: Phase) -> None:
        """The child is in this phase now."""
        self._page[0] = PHASES.index(phase)

    def point(self) -> int:
        """The child has come to one more point. Returns its number, from 1."""
        phase, points = _HEAD.unpack_from(self._page, 0)
        if points < MOST_POINTS:
            self._page[_HEAD.size + points] = phase
            points += 1
            _HEAD.pack_into(self._page, 0, phase, points)
        return int(points)

    @property
    def phase(self) -> Phase:
        """The last phase the child was in."""
        return PHASES[self._page[0]]

    @property
    def points(self) -> list[Phase]:
        """The phase of each point so far."""
        count = _HEAD.unpack_from(self._page, 0)[1]
        return [PHASES[code] for code in self._page[_HEAD.size : _HEAD.size + count]]


class Watch:
    """Installed in a child, for its whole life."""

    def __init__(self, index: Path, board: Board, fate: Fate) -> None:
        self._root = f"{index.resolve()}/"
        self._board = board
        self._fate = fate
        self._compacting = 0
        self._journal = os.open(fate.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if fate.journal else None

    def install(self) -> None:
        """Begin to watch."""
        from vectorstore.writer import IndexWriter

        genuine_fsync, genuine_connect = os.fsync, sqlite3.connect

        def fsync(handle: int) -> None:
            path = _path_of(handle)
            self._point("fsync", path)
            genuine_fsync(handle)
            self._synced(path, os.fstat(handle))

        def connect(database: Any, *values: Any, **named: Any) -> sqlite3.Connection:
            connection = genuine_connect(database, *values, **named)
            return connection if "mode=ro" in str(database) else self._traced(connection)

        os.fsync, sqlite3.connect = fsync, connect
        if hasattr(IndexWriter, "compact"):
            IndexWriter.compact = self._marked(IndexWriter.compact)  # type: ignore[method-assign]
        sys.addaudithook(self._audit)

    def _marked(self, compact: Callable[..., Any]) -> Callable[..., Any]:
        def marked(*values: Any, **named: Any) -> Any:
            self._compacting += 1
            try:
                return compact(*values, **named)
            finally:
                self._compacting -= 1

        return marked

    def _audit(self, event: str, values: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = values
            if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                self._point(event if flags & os.O_CREAT else "reopen", _absolute(path))
        elif event == "os.rename":
            self._point(event, _absolute(values[1], values[3]))
        elif event in {"os.remove", "os.rmdir"}:
            self._point(event, _absolute(values[0], values[1]))
        elif event == "os.mkdir":
            self._point(event, _absolute(values[0], values[2]))
        elif event == "os.truncate":
            self._point(event, _absolute(values[0]))

    def _traced(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        path = next((row[2] for row in connection.execute("PRAGMA database_list") if row[1] == "main"), "")

        def trace(statement: str) -> None:
            if statement.partition(" ")[0].rstrip(";").upper() in _TRANSACTIONS:
                self._point("sqlite", path)

        connection.set_trace_callback(trace)
        return connection

    def _point(self, event: str, path: str) -> None:
        if not path.startswith(self._root):
            return
        phase = _phase_of(event, path.removeprefix(self._root), bool(self._compacting))
        if phase is not None:
            self._board.set(phase)
        point = self._board.point()
        if point == self._fate.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._fate.full_from is not None and point >= self._fate.full_from and event not in _WITHOUT_SPACE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)

    def _synced(self, path: str, status: os.stat_result) -> None:
        if self._journal is not None and path.startswith(self._root):
            os.write(self._journal, f"{status.st_ino} {status.st_size}\n".encode())


def _phase_of(event: str, place: str, compacting: bool) -> Phase | None:
    top, _, rest = place.partition("/")
    if top.startswith("CURRENT"):
        if event == "os.remove":
            # Looking for a draft of the pointer that a crash left is part of every beginning.
            return None
        return Phase.COMPACTION if compacting else Phase.POINTER
    if top.startswith(".spool"):
        return Phase.READING
    if top.startswith("staging"):
        return Phase.STAGING
    if top in {"segments", "generations"}:
        if event in {"os.remove", "os.rmdir"}:
            return Phase.COLLECTION
        if compacting or "merged" in rest:
            return Phase.COMPACTION
        return Phase.SEGMENT if top == "segments" else Phase.MANIFEST
    return None


def _path_of(handle: int) -> str:
    return str(Path(f"/proc/self/fd/{handle}").readlink())


def _absolute(path: Any, folder: Any = -1) -> str:
    """A path as an event tells it: a number of an open file, or relative to an open folder, or plain."""
    if isinstance(path, int):
        return _path_of(path)
    name = os.fsdecode(path)
    if isinstance(folder, int) and folder >= 0:
        name = f"{_path_of(folder)}/{name}"
    return str(Path(name).absolute())
