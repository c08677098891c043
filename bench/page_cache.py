"""What of files lies in the page cache, and what of a process in memory. Linux alone."""

import ctypes
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_PAGE = os.sysconf("SC_PAGE_SIZE")


def evict(files: Iterable[Path]) -> None:
    """Drop the files' pages (posix_fadvise, DONTNEED). Pages that are dirty or mapped by a process stay."""
    for path in files:
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def resident_bytes(files: Iterable[Path]) -> int:
    """Bytes of the files that lie in the page cache (mincore)."""
    return sum(_resident_pages(path) for path in files) * _PAGE


def _resident_pages(path: Path) -> int:
    size = path.stat().st_size
    if not size:
        return 0
    mapped = np.memmap(path, dtype=np.uint8, mode="r")
    pages = np.zeros(-(-size // _PAGE), dtype=np.uint8)
    libc = ctypes.CDLL(None, use_errno=True)
    address, length, into = (
        ctypes.c_void_p(mapped.ctypes.data),
        ctypes.c_size_t(size),
        ctypes.c_void_p(pages.ctypes.data),
    )
    if libc.mincore(address, length, into):
        raise OSError(ctypes.get_errno(), "mincore failed", str(path))
    return int((pages & 1).sum())


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of a process: resident, its proportional share of shared pages, and what it shares with nobody."""

    resident: int
    proportional: int
    anonymous: int


def memory_of(pid: int) -> Memory:
    """The memory of a process, from /proc/<pid>/smaps_rollup."""
    content = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kb = {name: int(value) for name, value in re.findall(r"^(\w+): +(\d+) kB", content, re.MULTILINE)}
    return Memory(*(1024 * kb[name] for name in ("Rss", "Pss", "Anonymous")))


def mapped_below(pid: int, folder: Path) -> Memory:
    """The same of the files below `folder` that a process has mapped, from /proc/<pid>/smaps."""
    totals, inside = {"Rss": 0, "Pss": 0, "Anonymous": 0}, False
    prefix = f"{folder.resolve()}{os.sep}"
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        name, _, rest = line.partition(":")
        if inside and name in totals:
            totals[name] += 1024 * int(rest.split()[0])
        elif "-" in line.partition(" ")[0]:
            inside = line.partition("/")[2] != "" and f"/{line.partition('/')[2]}".startswith(prefix)
    return Memory(totals["Rss"], totals["Pss"], totals["Anonymous"])
