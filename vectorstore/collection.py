"""Collecting garbage: generations past the number kept, segments none of them uses, and what a crash left behind."""

import json
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from core.errors import IndexMismatch
from vectorstore.layout import MANIFEST, Layout
from vectorstore.lease import claimed
from vectorstore.manifest import schema_of
from vectorstore.pointer import Pointer, read_pointer


@dataclass(frozen=True, slots=True)
class Uses:
    """What collecting needs to know of a generation: the one it was made after or compacts, and its segments."""

    follows: int | None
    compacts: int | None
    segments: frozenset[str]


def read_uses(layout: Layout, pointer: Pointer | None) -> dict[int, Uses]:
    """What each generation uses whose manifest can be read, of whatever schema."""
    found = {}
    for number in layout.generation_numbers():
        try:
            content = (layout.generation(number) / MANIFEST).read_bytes()
        except OSError:
            continue
        if pointer is not None and pointer.number == number:
            sound = sha256(content).hexdigest() == pointer.manifest_sha256
        else:
            sound = schema_of(content) is not None
        uses = _uses(content) if sound else None
        if uses is not None:
            found[number] = uses
    return found


def fresh_number(layout: Layout) -> int:
    """A number that no generation has or had, as far as anything here tells, and no segment is named by."""
    taken = [0, *layout.generation_numbers()]
    if layout.segments.is_dir():
        taken += [int(match[0]) for path in layout.segments.iterdir() if (match := re.match("[0-9]+", path.name))]
    try:
        pointer = read_pointer(layout.pointer)
    except IndexMismatch:
        pointer = None
    if pointer is not None:
        taken.append(pointer.last)
    return max(taken) + 1


def kept_numbers(pointer: Pointer, uses: dict[int, Uses], keep: int) -> set[int]:
    """The live generation, those before it and those that can be gone forward to.

    A generation and its compaction hold the same charts, so the two count as one of `keep`. Where a rollback was
    followed by a publication, what was gone back from is none of those before.
    """
    kept, counted, number = set[int](), 0, pointer.number
    compacted: int | None = None
    while number in uses:
        counted += number != compacted
        if counted > keep:
            break
        kept.add(number)
        compacted = uses[number].compacts
        follows = uses[number].follows
        older = [n for n in uses if n < number and (follows is None or n <= follows)]
        number = max(older, default=-1)
    return kept | {n for n in uses if pointer.number < n <= pointer.last}


def collect(layout: Layout, keep: int) -> None:
    """Remove what neither a kept generation nor a reader uses. Only the writer may call this.

    What a reader holds is left for the next time. Without a pointer that can be read, every generation with a
    manifest is kept, since one of them may be the way back.
    """
    try:
        pointer = read_pointer(layout.pointer)
    except IndexMismatch:
        pointer = None
    uses = read_uses(layout, pointer)
    if pointer is None:
        kept = set(uses)
    elif pointer.number in uses:
        kept = kept_numbers(pointer, uses, keep)
    else:
        # What the live generation uses cannot be told, so nothing of it may go.
        return
    standing = {number for number in layout.generation_numbers() if number in kept or not remove(layout, number)}
    if standing <= set(uses):
        _remove_segments(layout, {name for number in standing for name in uses[number].segments})
    layout.pointer.with_name(layout.pointer.name + ".new").unlink(missing_ok=True)


def remove(layout: Layout, number: int) -> bool:
    """Remove a generation, its manifest first, unless a reader holds it. Returns whether it is gone."""
    manifest = layout.generation(number) / MANIFEST
    try:
        with claimed(manifest) as free:
            if not free:
                return False
            manifest.unlink()
    except FileNotFoundError:
        pass
    shutil.rmtree(layout.generation(number))
    return True


def _remove_segments(layout: Layout, used: Iterable[str]) -> None:
    if layout.segments.is_dir():
        for folder in layout.segments.iterdir():
            if folder.name not in used:
                shutil.rmtree(folder)


def _uses(content: bytes) -> Uses | None:
    try:
        raw = json.loads(content)
        follows, compacts = raw.get("follows"), raw.get("compacts")
        return Uses(
            None if follows is None else int(follows),
            None if compacts is None else int(compacts),
            frozenset(str(segment["name"]) for segment in raw["segments"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
