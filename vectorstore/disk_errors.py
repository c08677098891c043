"""What a disk that is full, read-only or failing does to a writer, said in words."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import IndexMismatch, IngestFailed
from vectorstore.durable import disk_failed
from vectorstore.layout import Layout
from vectorstore.pointer import read_pointer

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def disk_errors(root: Path, *, live: int | None) -> Iterator[None]:
    """Turn what the disk says against writing an index into one error that says what to do; `live` is what was before.

    Raises:
        IngestFailed: the disk is full, or refuses; the live generation is whole, whichever it is.
    """
    try:
        yield
    except (OSError, sqlite3.OperationalError) as e:
        if not disk_failed(e):
            raise
        after = live_number(root)
        state = "nothing was published" if after in (None, live) else f"generation {after} is live"
        raise IngestFailed(f"{_told(e, root)}; {state}") from e


def is_full(error: OSError | sqlite3.Error) -> bool:
    """Whether there is no space left, on the disk or of a quota."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL


def _told(error: OSError | sqlite3.Error, root: Path) -> str:
    if isinstance(error, OSError):
        place, reason = error.filename or root, os.strerror(error.errno or 0)
    else:
        place, reason = root, str(error)
    if is_full(error):
        return f"there is no space left for {place}: free some, then run again"
    return f"{place} cannot be written ({reason}): see to the disk, then run again"


def live_number(root: Path) -> int | None:
    """The number of the live generation, None where there is none or the pointer cannot be read."""
    try:
        pointer = read_pointer(Layout(root).pointer)
    except IndexMismatch:
        return None
    return pointer.number if pointer else None
