"""The pointer file: which generation is live, and after a rollback the newest one that can be gone forward to."""

import re
from dataclasses import dataclass
from pathlib import Path

from core.errors import IndexMismatch
from vectorstore.durable import replace_atomically

ROLLBACK = "run `make rollback`, which mends it"
_LINE = rb"(0|[1-9][0-9]{0,17}) ([0-9a-f]{64})\n"
_POINTER = re.compile(_LINE + b"(?:" + _LINE + b")?")


@dataclass(frozen=True, slots=True)
class Vouched:
    """A generation's number and the SHA-256 of its manifest."""

    number: int
    manifest_sha256: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """The live generation, and the newest one where a rollback made an older one live.

    Generations past the live one count as published up to `newest`; all others are leftovers of a crash.
    """

    number: int
    manifest_sha256: str
    newest: Vouched | None = None

    @property
    def last(self) -> int:
        """The highest number that was published."""
        return self.newest.number if self.newest else self.number


def read_pointer(path: Path) -> Pointer | None:
    """The live generation, or None where nothing was published.

    Raises:
        IndexMismatch: the file is there and damaged or cannot be read, or the index is no folder.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except NotADirectoryError as e:
        raise IndexMismatch(f"{path.parent} is no folder: set ANAMNESIS_INDEX__DIR to the folder of the index") from e
    except OSError as e:
        raise IndexMismatch(f"{path} cannot be read ({e.strerror}): let this user read {path.parent}") from e
    match = _POINTER.fullmatch(content)
    if match is not None:
        number, digest, newest, newest_digest = match.groups()
        forward = Vouched(int(newest), newest_digest.decode()) if newest else None
        if forward is None or forward.number > int(number):
            return Pointer(int(number), digest.decode(), forward)
    raise IndexMismatch(f"{path} is damaged: {ROLLBACK}, or `make ingest NOTES=… REBUILD=1` with all sources")


def write_pointer(path: Path, pointer: Pointer) -> None:
    """Make a generation the live one, atomically."""
    lines = [f"{pointer.number} {pointer.manifest_sha256}\n"]
    if pointer.newest is not None:
        lines.append(f"{pointer.newest.number} {pointer.newest.manifest_sha256}\n")
    replace_atomically(path, "".join(lines).encode())
