"""Whether a source's files are as they were for the live generation: then they need not be read at all.

`fingerprints.json` in the index folder holds a digest of each source that the live generation holds whole, and names
that generation by its manifest's SHA-256. Whoever publishes otherwise (a rollback, an erasure, a migration) so makes it
void without knowing of it.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from ingest.limits import Tally
from ingest.plan import IngestPlan
from ingest.sources import SourceInput
from ingest.tombstones import FILE as TOMBSTONES
from vectorstore.durable import replace_atomically, sha256_of
from vectorstore.layout import Layout
from vectorstore.pointer import Pointer, read_pointer

FILE = "fingerprints.json"
_READERS = Path(__file__).parent / "sources"


@dataclass(frozen=True, slots=True)
class Known:
    """A source as the live generation holds it, with this many notes.

    `alone` is true where none of its rows had the id of another source's note or row: then nothing that happens to
    other sources can bring any of its rows in or out, nor it any of theirs.
    """

    digest: str
    notes: int
    alone: bool


class Fingerprints:
    """Digests of a plan's sources as they are now, and of those that the live generation was made from."""

    def __init__(self, plan: IngestPlan, *, row_key: bytes, detector: str) -> None:
        """Digest all files; `detector` is the detector's version. A source that cannot be read has no digest."""
        self._plan = plan
        self._layout = Layout(plan.index_dir)
        # A rebuilt index holds what this run reads and nothing else.
        self._known = {} if plan.rebuild else _read(plan.index_dir / FILE, read_pointer(self._layout.pointer))
        self._key = row_key
        self._states = {source: _state(_inputs(plan, source)) for source in plan.sources}
        rules = (plan.policy, detector, str(plan.max_note_chars), str(plan.max_bad_share), _readers())
        self._now = {source: self._digest(source, rules) for source in plan.sources}

    def unchanged(self) -> dict[str, int]:
        """The sources that need not be read, with their notes: all of them, or those that no other source can touch."""
        same = {source for source, digest in self._now.items() if digest and self._digest_before(source) == digest}
        if len(same) < len(self._now):
            same = {source for source in same if self._known[source].alone}
        return {source: self._known[source].notes for source in sorted(same)}

    def keep(self, tallies: Mapping[str, Tally], *, published: bool) -> None:
        """Note down what the generation that is live now was made from.

        `tallies` are those of the sources that were read; `published` says whether these changed anything.
        """
        live = read_pointer(self._layout.pointer)
        if live is None:
            return
        kept = {s: known for s, known in self._known.items() if s not in tallies and (known.alone or not published)}
        for source, tally in tallies.items():
            digest = self._now.get(source)
            # A file that was written to while it was read is anybody's guess.
            tried = digest and not tally.incomplete and not tally.unprocessable
            if digest and tried and _state(_inputs(self._plan, source)) == self._states[source]:
                kept[source] = Known(digest, tally.kept, not tally.contested)
        content = {
            "manifest_sha256": live.manifest_sha256,
            "sources": {source: asdict(known) for source, known in kept.items()},
        }
        replace_atomically(self._plan.index_dir / FILE, json.dumps(content, indent=1).encode() + b"\n")

    def _digest_before(self, source: str) -> str | None:
        known = self._known.get(source)
        return known.digest if known else None

    def _digest(self, source: str, rules: Sequence[str]) -> str | None:
        state = hashlib.blake2b(key=self._key, digest_size=32)
        try:
            for part in (*rules, self._erased(), source, *_contents(_inputs(self._plan, source))):
                written = part.encode("utf-8", "surrogateescape")  # the name of a file need not be UTF-8
                state.update(b"%d:" % len(written) + written)
        except OSError:
            return None
        return state.hexdigest()

    def _erased(self) -> str:
        path = self._plan.index_dir / TOMBSTONES
        return sha256_of(path) if path.exists() else ""


def _inputs(plan: IngestPlan, source: str) -> list[SourceInput]:
    return [item for item in plan.inputs if item.name == source]


def _files(inputs: Sequence[SourceInput]) -> Iterator[tuple[str, str, Path]]:
    """Each file with its format and its name within the input; a folder stands for all that is in it."""
    for item in inputs:
        for path in item.files:
            if path.is_dir():
                yield from ((item.format, found.relative_to(path).as_posix(), found) for found in _within(path))
            else:
                yield item.format, path.name, path


def _within(folder: Path) -> Iterator[Path]:
    """Every file that readers read below a folder: no pipe or device, whose opening would wait for ever.

    They come folder by folder, as there may be more of them than should be held at once.
    """

    def fail(error: OSError) -> None:
        raise error

    for place, folders, names in os.walk(folder, onerror=fail):
        folders.sort()
        yield from (path for name in sorted(names) if (path := Path(place, name)).is_file())


def _contents(inputs: Sequence[SourceInput]) -> Iterator[str]:
    for format, name, path in _files(inputs):
        yield from (format, name, sha256_of(path))


def _state(inputs: Sequence[SourceInput]) -> str | None:
    """A digest of what the file system says of the files: size and time of the last change."""
    state = hashlib.sha256()
    try:
        for _, name, path in _files(inputs):
            found = path.stat()
            state.update(f"{name}\0{found.st_size} {found.st_mtime_ns}\0".encode(errors="surrogateescape"))
    except OSError:
        return None
    return state.hexdigest()


@cache
def _readers() -> str:
    """A digest of the code that reads sources: another reader may make other notes of the same bytes."""
    state = hashlib.sha256()
    for path in sorted(_READERS.glob("*.py")):
        state.update(path.name.encode() + path.read_bytes())
    return state.hexdigest()


def _read(path: Path, live: Pointer | None) -> dict[str, Known]:
    try:
        raw = json.loads(path.read_bytes())
        if live is None or raw["manifest_sha256"] != live.manifest_sha256:
            return {}
        return {
            str(name): Known(str(k["digest"]), int(k["notes"]), bool(k["alone"])) for name, k in raw["sources"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # It saves time and nothing else: whatever is wrong with it, the sources are read.
        return {}
