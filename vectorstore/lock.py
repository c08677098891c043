"""The lock of the one writer. The system frees it when its process ends, however it ends."""

import fcntl
import os
from pathlib import Path

from core.errors import IngestFailed


class WriterLock:
    """An exclusive lock on a file, held from `acquire` to `release`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock without waiting.

        Raises:
            IngestFailed: another writer has it.
        """
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            os.close(handle)
            raise IngestFailed(
                f"another writer is at work on {self._path.parent}; wait for it to end, then run again"
            ) from e
        self._handle = handle

    def release(self) -> None:
        """Give the lock back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
