"""Leases: a reader holds the generation it reads, and the collector leaves what is held for the next time.

A lease is a shared flock on the generation's manifest, so it needs no right to write, holds among processes, and is
freed by the system when its holder ends, however it ends.

Why nobody opens a generation that is half deleted:

1. The collector unlinks a manifest only under an exclusive lock of that very file, and does so before it removes
   anything else of the generation.
2. A reader locks the manifest first and then looks whether the file it locked still has a name. If it has, (1) has
   not begun and cannot begin before the lease ends. If not, the generation is gone, and the reader asks anew.
3. Segments go last, and only those that no manifest names which still stands. A manifest that stands is kept anyway
   or was found held; what is neither lost its manifest by (1), so nobody can come to hold it later.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What a file system says that knows no locks; there the collector cannot wait for readers, who keep what they opened.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})


class Lease:
    """A generation's manifest, open and locked until `release`.

    Raises:
        FileNotFoundError: the generation is gone, or is being collected.
    """

    def __init__(self, manifest: Path) -> None:
        # Unbuffered and closed by `release` or a finalizer, since it outlives any block.
        self._file = manifest.open("rb", buffering=0)
        try:
            if not _lock(self._file.fileno(), fcntl.LOCK_SH) or os.fstat(self._file.fileno()).st_nlink == 0:
                raise FileNotFoundError(errno.ENOENT, "was collected", str(manifest))
        except BaseException:
            self._file.close()
            raise

    def read(self) -> bytes:
        """The manifest's bytes."""
        self._file.seek(0)
        return self._file.readall()

    def release(self) -> None:
        """Let the generation go."""
        self._file.close()


@contextmanager
def claimed(manifest: Path) -> Iterator[bool]:
    """Keep new readers from a generation while it is removed; gives False where a reader holds it.

    Raises:
        FileNotFoundError: there is no such manifest.
    """
    # Some network file systems lock exclusively only what is open for writing.
    with manifest.open("rb+", buffering=0) as file:
        yield _lock(file.fileno(), fcntl.LOCK_EX)


def _lock(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as e:
        if e.errno not in _NO_LOCKS:
            raise
    return True
