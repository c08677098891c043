"""Finding many short byte strings in much data: a rolling hash of every window, looked up all at once.

The hash is the polynomial one of Karp and Rabin (IBM J. Res. Dev. 31, 1987), computed for all windows of a block by
doubling; a window whose hash is known is then compared by a keyed BLAKE2b digest. Only hashes and digests are kept,
under a key, so that a set of windows can lie on disk for a while without giving away what it was made from.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WINDOW = 24
"""Longest window, in bytes: long enough to be a person's own words more often than not, and to fit on a page."""

_BLOCK = 1 << 15
_DIGEST = 16
Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class WindowSet:
    """Windows of one length: their hashes, ascending, and the digest of each."""

    length: int
    hashes: Hashes
    digests: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A window that was found: in which of the sets, at which place there, where first, and how often."""

    which: int
    index: int
    offset: int
    count: int


class Windower:
    """Hashes and digests under one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        seed = hashlib.blake2b(b"base", key=key, digest_size=8).digest()
        self._base = int.from_bytes(seed, "little") | 1

    def window_set(self, length: int, windows: Iterable[bytes]) -> WindowSet:
        """A set of windows, each of them `length` bytes."""
        distinct = sorted(set(windows))
        if not distinct:
            return WindowSet(length, np.empty(0, np.uint64), ())
        block = np.frombuffer(b"".join(distinct), np.uint8)
        hashes = self.rolling(block, {length})[length][::length]
        order = np.argsort(hashes, kind="stable")
        return WindowSet(length, hashes[order], tuple(self.digest(distinct[i]) for i in order))

    def digest(self, window: bytes) -> bytes:
        """The keyed digest of a window."""
        return hashlib.blake2b(window, key=self._key, digest_size=_DIGEST).digest()

    def rolling(self, block: NDArray[np.uint8], lengths: Iterable[int]) -> dict[int, Hashes]:
        """For each length the hash of the window at every offset, uint64 of shape (len(block) - length + 1,)."""
        wanted = sorted({n for n in lengths if n <= len(block)})
        found: dict[int, tuple[Hashes, int]] = {}
        power, size = block.astype(np.uint64) + np.uint64(1), 1
        while wanted and size <= wanted[-1]:
            for length in wanted:
                if length & size:
                    found[length] = self._append(found.get(length), power, size)
            power, size = self._append((power, size), power, size)
        return {length: hashes for length, (hashes, _) in found.items()}

    def _append(self, head: tuple[Hashes, int] | None, tail: Hashes, size: int) -> tuple[Hashes, int]:
        if head is None:
            return tail, size
        hashes, length = head
        count = max(0, len(tail) - length)
        factor = np.uint64(pow(self._base, size, 1 << 64))
        return hashes[:count] * factor + tail[length : length + count], length + size


class Matcher:
    """Looks for the windows of several sets at once."""

    def __init__(self, windower: Windower, sets: Iterable[WindowSet]) -> None:
        self._windower = windower
        self._tables = [(which, _Table(s)) for which, s in enumerate(sets) if len(s.hashes)]
        self._lengths = [table.known.length for _, table in self._tables]

    def scan(self, pieces: Iterable[bytes]) -> list[Hit]:
        """Every window that occurs in a stream of bytes."""
        tallies = [_Tally(which, table, self._windower) for which, table in self._tables]
        reach = max(self._lengths, default=1) - 1
        tail, start = b"", 0
        for piece in _blocks(pieces):
            data = tail + piece
            rolled = self._windower.rolling(np.frombuffer(data, np.uint8), self._lengths)
            for tally in tallies:
                tally.look(data, start, rolled.get(tally.length), len(tail))
            tail = data[len(data) - min(reach, len(data)) :]
            start += len(data) - len(tail)
        return [hit for tally in tallies for hit in tally.hits()]


class _Table:
    """A bitmap over the upper bits of the hashes, which turns most windows away before they are looked up."""

    def __init__(self, known: WindowSet) -> None:
        bits = min(24, max(16, len(known.hashes).bit_length() + 4))
        self.known = known
        self._shift = np.uint64(64 - bits)
        self._bitmap = np.zeros(1 << bits, np.bool_)
        self._bitmap[known.hashes >> self._shift] = True

    def members(self, hashes: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The places of the hashes that are in the set, and which of the set they are."""
        likely = np.flatnonzero(self._bitmap[hashes >> self._shift])
        at = np.searchsorted(self.known.hashes, hashes[likely])
        at[at == len(self.known.hashes)] = 0
        same = self.known.hashes[at] == hashes[likely]
        return likely[same], at[same]


class _Tally:
    """What was found of one set in one stream."""

    def __init__(self, which: int, table: _Table, windower: Windower) -> None:
        self.length = table.known.length
        self._which = which
        self._table = table
        self._windower = windower
        self._first = np.full(len(table.known.hashes), -1, np.int64)
        self._count = np.zeros(len(table.known.hashes), np.int64)

    def look(self, data: bytes, start: int, hashes: Hashes | None, seen: int) -> None:
        """Count the windows of a block; those wholly within its first `seen` bytes were counted before."""
        if hashes is None:
            return
        fresh = max(0, seen - self.length + 1)
        offsets, which = self._table.members(hashes[fresh:])
        if not len(which):
            return
        new = self._first[which] < 0
        for index, at in zip(*np.unique(which[new], return_index=True), strict=True):
            offset = int(offsets[new][at]) + fresh
            if self._same(data[offset : offset + self.length], int(index)):
                self._first[index] = start + offset
        np.add.at(self._count, which, 1)

    def hits(self) -> list[Hit]:
        """What was found so far."""
        return [
            Hit(self._which, int(i), int(self._first[i]), int(self._count[i])) for i in np.flatnonzero(self._first >= 0)
        ]

    def _same(self, window: bytes, index: int) -> bool:
        return self._windower.digest(window) == self._table.known.digests[index]


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        for at in range(0, len(piece), _BLOCK):
            yield piece[at : at + _BLOCK]
