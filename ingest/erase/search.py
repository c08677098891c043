"""Looking through every byte of every file for what gives a patient away; what is compressed is unpacked first."""

import bz2
import gzip
import lzma
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ingest.erase.marks import SHORTEST_ID, Kind, Marks, Role
from ingest.erase.structure import named_in_file
from ingest.erase.windows import Matcher, Windower, WindowSet

_PIECE = 1 << 20
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError)
_PACKED: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
# What can hold anything and cannot be looked into: said rather than passed over.
_CLOSED = {b"\x28\xb5\x2f\xfd": "zstd", b"PAR1": "parquet", b"7z\xbc\xaf": "7z", b"\x04\x22\x4d\x18": "lz4"}
MarkKey = tuple[int, int]
"""A piece: its set among the marks, and its place in that set."""

_STREAM = 1 << 50


@dataclass(frozen=True, slots=True)
class Place:
    """A folder or a file to be searched, and what it is called in the certificate.

    What lies in one of our `own` folders comes from charts; elsewhere other people's words may be like a chart's, so
    there a text counts from `verbatim` bytes of it on end.
    """

    name: str
    path: Path
    own: bool = True
    verbatim: int = 40


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found in one file: pieces of bytes, ids by the name of their column or field, ids in its own name.

    `marks` has each piece with where it stands first, in the file as it is or unpacked.
    """

    place: Place
    path: Path
    size: int
    marks: tuple[tuple[MarkKey, int], ...] = ()
    named: tuple[str, ...] = ()
    in_name: bool = False
    closed: str | None = None


class Searcher:
    """Searches files for a patient's marks."""

    def __init__(self, marks: Marks, windower: Windower) -> None:
        self._marks = marks
        self._windower = windower
        self._matcher = Matcher(windower, [windows for _, windows in marks.sets])
        self._names = Matcher(windower, [windows for kind, windows in marks.sets if kind is Kind.NAME])

    def search(self, places: Sequence[Place]) -> Iterator[Seen]:
        """Each file below these places, and what it holds. Files that go meanwhile are left out."""
        files = [(place, path) for place in places for path in _files(place.path)]
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            found = pool.map(lambda item: self._look(*item), files)
            yield from (seen for seen in found if seen is not None)

    def explained_by(self, wanted: Iterable[MarkKey], words: Iterable[bytes]) -> set[MarkKey]:
        """Which of these pieces occur in other words too."""
        by_set: dict[int, list[int]] = {}
        for which, index in sorted(set(wanted)):
            by_set.setdefault(which, []).append(index)
        order = list(by_set)
        if not order:
            return set()
        sets = []
        for which in order:
            windows, at = self._marks.sets[which][1], by_set[which]
            sets.append(WindowSet(windows.length, windows.hashes[at], tuple(windows.digests[i] for i in at)))
        # One piece of words ends where the next begins, so nothing may be found across the two.
        apart = (piece for batch in words for piece in (batch, b"\0" * 32))
        hits = Matcher(self._windower, sets).scan(apart)
        return {(order[hit.which], by_set[order[hit.which]][hit.index]) for hit in hits}

    def _look(self, place: Place, path: Path) -> Seen | None:
        try:
            size = path.stat().st_size
            marks: dict[MarkKey, int] = {}
            closed = None
            for number, stream in enumerate(_contents(path)):
                try:
                    for hit in self._matcher.scan(stream):
                        marks.setdefault((hit.which, hit.index), number * _STREAM + hit.offset)
                except _BROKEN as e:
                    closed = type(e).__name__
            with path.open("rb") as file:
                closed = closed or _CLOSED.get(file.read(4))
        except FileNotFoundError:
            return None
        except OSError as e:
            return Seen(place, path, 0, closed=e.strerror or type(e).__name__)
        named = tuple(named_in_file(path, self._marks))
        return Seen(place, path, size, tuple(sorted(marks.items())), named, self._named(path, place.path), closed)

    def _named(self, path: Path, root: Path) -> bool:
        inside = path.relative_to(root) if path != root else Path(path.name)
        parts = {*inside.parts, inside.stem}
        exact = any(len(i) >= SHORTEST_ID and i in parts for ids in self._marks.ids.values() for i in ids)
        shortest = self._marks.ids[Role.PATIENT] & set(inside.parts[:-1])
        return exact or bool(shortest) or bool(self._names.scan([str(inside).encode("utf-8", "replace")]))


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _contents(path: Path) -> Iterator[Iterator[bytes]]:
    """The bytes of a file, and then what they are when unpacked."""
    yield _read(path)
    with path.open("rb") as file:
        head = file.read(6)
    for magic, unpack in _PACKED.items():
        if head.startswith(magic):
            yield _unpacked(unpack(path))
    if head.startswith(b"PK\x03\x04"):
        yield _members(path)


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _unpacked(stream: IO[bytes]) -> Iterator[bytes]:
    with closing(stream):
        while piece := stream.read(_PIECE):
            yield piece


def _members(path: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            yield info.filename.encode() + b"\0" * 32
            with archive.open(info) as member:
                while piece := member.read(_PIECE):
                    yield piece
            yield b"\0" * 32
