"""The pointer file: which generation is live."""

from dataclasses import dataclass
from pathlib import Path

from core.errors import IndexMismatch
from vectorstore.durable import replace_atomically


@dataclass(frozen=True, slots=True)
class Pointer:
    """The live generation's number and the SHA-256 of its manifest."""

    number: int
    manifest_sha256: str


def read_pointer(path: Path) -> Pointer | None:
    """The live generation, or None where nothing was published.

    Raises:
        IndexMismatch: the file is there and damaged.
    """
    try:
        words = path.read_text("utf-8").split()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as e:
        raise _damaged(path) from e
    if len(words) != 2 or not (words[0].isascii() and words[0].isdigit()):
        raise _damaged(path)
    return Pointer(int(words[0]), words[1])


def write_pointer(path: Path, pointer: Pointer) -> None:
    """Make a generation the live one, atomically."""
    replace_atomically(path, f"{pointer.number} {pointer.manifest_sha256}\n".encode())


def _damaged(path: Path) -> IndexMismatch:
    return IndexMismatch(f"{path} is damaged: run `make ingest NOTES=… REBUILD=1`")
