"""Finding and opening source files, compressed or not, and counting what was read of them."""

import gzip
import io
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

READ_ERRORS = (OSError, EOFError, zlib.error)
"""What reading a file that is missing, forbidden, cut short or damaged raises (BadGzipFile is an OSError)."""

Opener: TypeAlias = Callable[[Path], io.BufferedIOBase]
"""Opens a source file for reading its bytes, decompressed; raises one of `READ_ERRORS`."""

_GZIP = b"\x1f\x8b"
_BUFFER = 256 << 10
_FOREIGN = {
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"BZh": "compressed with bzip2; gzip it instead",
    b"\xfd7zXZ\x00": "compressed with xz; gzip it instead",
    b"(\xb5/\xfd": "compressed with zstd; gzip it instead",
    b"\xff\xfe": "in UTF-16; write it in UTF-8",
    b"\xfe\xff": "in UTF-16; write it in UTF-8",
}
_BZIP2 = re.compile(rb"BZh[1-9]1AY&SY")
_UNSHOWABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class UnusableFile(OSError):
    """A file that is not what a reader needs. The message says what it is and what to do."""


def open_bytes(path: Path) -> io.BufferedIOBase:
    """Open a file for reading; gzip is told by its first two bytes, whatever the name says.

    Reading to the end raises `UnusableFile` where the file has changed since it was opened: what was read is then
    neither the old state nor the new one, and notes may be missing from it.

    Raises:
        OSError: it cannot be opened, is named like gzip and is none, or is compressed in another way.
    """
    return _decompressed(path, _Watched(path))


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
        return _decompressed(path, _Watched(path, self._add))

    def _add(self, count: int) -> None:
        self._read += count


def _ignore(_: int) -> None:
    pass


class _Watched(io.FileIO):
    """A file that tells how much was read, and fails at its end where it has changed meanwhile."""

    def __init__(self, path: Path, add: Callable[[int], None] = _ignore) -> None:
        super().__init__(path)
        self._add = add
        self._state = self._now()

    def readinto(self, buffer: Any) -> int:
        count = super().readinto(buffer) or 0
        if count:
            self._add(count)
        elif self._now() != self._state:
            raise UnusableFile("changed while it was read; run again when it is complete")
        return count

    def readall(self) -> bytes:
        parts, buffer = [], bytearray(_BUFFER)
        while count := self.readinto(buffer):
            parts.append(bytes(buffer[:count]))
        return b"".join(parts)

    def _now(self) -> tuple[int, int] | None:
        now = os.fstat(self.fileno())
        return (now.st_size, now.st_mtime_ns) if stat.S_ISREG(now.st_mode) else None


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
        start = raw.peek(16)[:16]
        if start.startswith(_GZIP):
            return _Gzip(cast(BinaryIO, raw))
        foreign = next((what for magic, what in _FOREIGN.items() if start.startswith(magic)), None)
        if foreign and (not start.startswith(b"BZh") or _BZIP2.match(start)):
            raise UnusableFile(foreign)
        if path.suffix.lower() == ".gz":
            raise UnusableFile("named like gzip and is none" if start else "empty, which no gzip file is")
    except BaseException:
        raw.close()
        raise
    return raw


def _size(path: Path) -> int:
    try:
        return sum(p.stat().st_size for p in list_files(path)) if path.is_dir() else path.stat().st_size
    except OSError:
        return 0  # whoever reads it will say so


def read_lines(raw: io.BufferedIOBase, longest: int) -> Iterator[bytes | None]:
    """The lines of a file; None for one of more than `longest` bytes, which is passed over without being held."""
    while line := raw.readline(longest + 1):
        if len(line) <= longest or line.endswith(b"\n"):
            yield line
            continue
        while (part := raw.readline(_BUFFER)) and not part.endswith(b"\n"):
            pass
        yield None


def why_unreadable(error: BaseException) -> str:
    """What is wrong with a file, from one of `READ_ERRORS`."""
    if isinstance(error, UnusableFile):
        return str(error)
    if isinstance(error, EOFError):
        return "cut short"
    if isinstance(error, zlib.error | gzip.BadGzipFile):
        return "damaged"
    return (error.strerror if isinstance(error, OSError) else None) or "cannot be read"


def list_files(folder: Path) -> list[Path]:
    """All files below a folder, sorted.

    Raises:
        OSError: a folder cannot be listed, so that files would be missing without anybody knowing.
    """

    def fail(error: OSError) -> None:
        raise error

    found = (Path(parent, name) for parent, _, names in os.walk(folder, onerror=fail) for name in names)
    return sorted(path for path in found if path.is_file())


def bare_name(path: Path) -> str:
    """A file's name without its endings: `discharge.csv.gz` is `discharge`."""
    name = path.name
    for ending in (".gz", ".csv", ".ndjson", ".jsonl", ".json", ".txt"):
        name = name.removesuffix(ending)
    return showable(name or path.name)


def showable(text: str) -> str:
    """A text without what can be neither stored nor shown: control characters and bytes that are not UTF-8."""
    return _UNSHOWABLE.sub("\ufffd", text)
