"""Opening source files, compressed or not."""

import gzip
import zlib
from pathlib import Path
from typing import BinaryIO, cast

READ_ERRORS = (OSError, EOFError, zlib.error)
"""What reading a file that is missing, forbidden, cut short or damaged raises (BadGzipFile is an OSError)."""


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading; gzip is told by its first two bytes, whatever the name says."""
    with path.open("rb") as probe:
        compressed = probe.read(2) == b"\x1f\x8b"
    if compressed:
        return cast(BinaryIO, gzip.open(path, "rb"))
    if path.suffix == ".gz" and path.stat().st_size:
        raise gzip.BadGzipFile("no gzip header")
    return path.open("rb")


def bare_name(path: Path) -> str:
    """A file's name without its endings: `discharge.csv.gz` is `discharge`."""
    name = path.name
    for ending in (".gz", ".csv", ".ndjson", ".jsonl", ".json", ".txt"):
        name = name.removesuffix(ending)
    return name or path.name
