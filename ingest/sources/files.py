"""Opening source files, compressed or not, and counting what was read of them."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

READ_ERRORS = (OSError, EOFError, zlib.error)
"""What reading a file that is missing, forbidden, cut short or damaged raises (BadGzipFile is an OSError)."""

Opener: TypeAlias = Callable[[Path], io.BufferedIOBase]
"""Opens a source file for reading its bytes, decompressed; raises one of `READ_ERRORS`."""

_GZIP = b"\x1f\x8b"
_BUFFER = 256 << 10


def open_bytes(path: Path) -> io.BufferedIOBase:
    """Open a file for reading; gzip is told by its first two bytes, whatever the name says.

    Raises:
        OSError: it cannot be opened, or is named like gzip and is none.
    """
    return _decompressed(path, io.FileIO(path))


class CountingOpener:
    """`open_bytes` that counts bytes as they lie on disk: of gzip, those of the compressed file.

    The counts may be read from another thread.
    """

    def __init__(self, files: Iterable[Path], *, passes: int = 1) -> None:
        """Count towards the size of `files` (of a folder, of all files in it), each read `passes` times."""
        self._size = passes * sum(map(_size, files))
        self._read = 0

    @property
    def done(self) -> int:
        """Bytes read so far."""
        return self._read

    @property
    def total(self) -> int:
        """Bytes to read, as far as was known at the beginning; never less than `done`, for a file may have grown."""
        return max(self._size, self._read)

    def __call__(self, path: Path) -> io.BufferedIOBase:
        """Open a file, as `open_bytes` does."""
        return _decompressed(path, _Counted(path, self._add))

    def _add(self, count: int) -> None:
        self._read += count


class _Counted(io.FileIO):
    def __init__(self, path: Path, add: Callable[[int], None]) -> None:
        super().__init__(path)
        self._add = add

    def readinto(self, buffer: Any) -> int:
        count = super().readinto(buffer) or 0
        self._add(count)
        return count

    def readall(self) -> bytes:
        data = super().readall() or b""
        self._add(len(data))
        return data


class _Gzip(gzip.GzipFile):
    """A gzip file that closes what it reads from."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        super().__init__(fileobj=raw, mode="rb")

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._raw.close()


def _decompressed(path: Path, file: io.FileIO) -> io.BufferedIOBase:
    raw = io.BufferedReader(file, _BUFFER)
    try:
        if raw.peek(2)[:2] == _GZIP:
            return _Gzip(cast(BinaryIO, raw))
        if path.suffix == ".gz" and path.stat().st_size:
            raise gzip.BadGzipFile("no gzip header")
    except BaseException:
        raw.close()
        raise
    return raw


def _size(path: Path) -> int:
    try:
        return sum(p.stat().st_size for p in path.rglob("*") if p.is_file()) if path.is_dir() else path.stat().st_size
    except OSError:
        return 0  # whoever reads it will say so


def bare_name(path: Path) -> str:
    """A file's name without its endings: `discharge.csv.gz` is `discharge`."""
    name = path.name
    for ending in (".gz", ".csv", ".ndjson", ".jsonl", ".json", ".txt"):
        name = name.removesuffix(ending)
    return name or path.name
