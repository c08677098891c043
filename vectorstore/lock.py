"""The lock of the one writer. The system frees it when its process ends, however it ends."""

import fcntl
import os
import time
from pathlib import Path

from core.errors import IngestFailed
from vectorstore.disk_errors import is_full

# Whoever asks only whether a writer is at work has the lock for an instant.
_ATTEMPTS = 3
_PAUSE_S = 0.02


class WriterLock:
    """An exclusive lock on a file of the index, held from `acquire` to `release`. Also a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def acquire(self) -> None:
        """Take the lock without waiting; makes the folder of the index where there is none.

        Raises:
            IngestFailed: another writer has it, or this user cannot write there.
        """
        folder = self._path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except (FileExistsError, NotADirectoryError) as e:
            raise IngestFailed(
                f"{folder} is not a folder: move that file, or set ANAMNESIS_INDEX__DIR to another place"
            ) from e
        except OSError as e:
            if is_full(e):
                raise IngestFailed(f"there is no space left for {folder}: free some, then run again") from e
            raise IngestFailed(
                f"{folder} cannot be written ({e.strerror}): let this user write there, or set ANAMNESIS_INDEX__DIR "
                "to another place"
            ) from e
        try:
            free = _lock(handle)
        except OSError as e:
            os.close(handle)
            raise IngestFailed(
                f"the file system of {folder} cannot lock a file ({e.strerror}): set ANAMNESIS_INDEX__DIR to a disk "
                "of this machine"
            ) from e
        if not free:
            os.close(handle)
            raise IngestFailed(f"another writer is at work on {folder}; wait for it to end, then run again")
        self._handle = handle

    def release(self) -> None:
        """Give the lock back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _lock(handle: int) -> bool:
    for attempt in range(_ATTEMPTS):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt < _ATTEMPTS - 1:
                time.sleep(_PAUSE_S)
        else:
            return True
    return False
