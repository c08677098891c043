"""Writing that survives a crash: nothing is relied on before it has reached the disk."""

import errno
import hashlib
import os
import sqlite3
from pathlib import Path

_BLOCK = 1 << 20
_DISK_ERRORS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE}
)
_SQLITE_DISK_ERRORS = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
)


def disk_failed(error: OSError | sqlite3.Error) -> bool:
    """Whether an error is the disk's: full, failing, or not to be written by this user."""
    if isinstance(error, OSError):
        return error.errno in _DISK_ERRORS
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE_DISK_ERRORS


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_file(path: Path) -> None:
    """Wait until a file's content is on disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Wait until a folder's entries are on disk."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def copy_hashed(source: Path, target: Path) -> str:
    """Copy a file's content into a new one. Returns the SHA-256 of what was read, in hex."""
    state = hashlib.sha256()
    with source.open("rb") as read, target.open("wb") as written:
        while block := read.read(_BLOCK):
            state.update(block)
            written.write(block)
    return state.hexdigest()


def open_private(path: Path) -> int:
    """A descriptor of a file for reading and writing that only its owner may read; made where it is missing."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def write_synced(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a new file and wait until its content is on disk. A `private` one can be read by its owner alone."""
    with open(path, "wb", opener=_private if private else None) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_atomically(path: Path, content: bytes, *, private: bool = False) -> None:
    """Replace a file so that a reader, or a crash, sees the old content or the new and nothing else."""
    draft = path.with_name(path.name + ".new")
    write_synced(draft, content, private=private)
    draft.replace(path)
    sync_folder(path.parent)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
