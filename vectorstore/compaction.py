"""Compaction: which segments are worth merging, and copying what they hold into new ones."""

from collections.abc import Iterable
from pathlib import Path

from core.errors import IndexMismatch
from vectorstore.durable import sha256_of
from vectorstore.generation_draft import GenerationDraft
from vectorstore.manifest import VERIFY, SegmentEntry

MOST_SMALL = 8
# A segment joins the smaller ones that are merged while it is at most this many times as large as they are together.
_RATIO = 2


def worth_merging(entries: Iterable[SegmentEntry], segment_chunks: int, *, most: int = MOST_SMALL) -> set[str]:
    """Names of the segments to write anew: those mostly dead, and the smallest where there are too many small ones.

    A segment is small below half of `segment_chunks` live vectors; the others number at most twice what the live
    vectors fill. Merging the smallest, and larger ones only while these are no more than twice what was gathered,
    writes a vector a logarithmic number of times over the life of an index (as size-tiered merging does: Jagadish et
    al., VLDB 1997).
    """
    entries = tuple(entries)
    chosen = {entry.name for entry in entries if _mostly_dead(entry)}
    gathered = sum(entry.live_vectors for entry in entries if entry.name in chosen)
    small = sorted(
        (entry.live_vectors, entry.name)
        for entry in entries
        if entry.name not in chosen and 2 * entry.live_vectors < segment_chunks
    )
    if len(small) + bool(chosen) > most:
        for vectors, name in small:
            if len(chosen) >= 2 and vectors > _RATIO * gathered:
                break
            chosen.add(name)
            gathered += vectors
    return chosen


def merge(root: Path, entries: Iterable[SegmentEntry], draft: GenerationDraft) -> None:
    """Copy the live patients of these segments into new ones, a segment after another, each in order of id.

    Raises:
        IndexMismatch: a file is not what was published. A copy of it would be vouched for by a checksum of its own.
    """
    for entry in entries:
        for file in entry.files:
            _refuse_damage(root / file.path, file.sha256)
        for place in draft.directory.places(entry.name):
            draft.copy(place)


def _refuse_damage(path: Path, sha256: str) -> None:
    try:
        found = sha256_of(path)
    except FileNotFoundError as e:
        raise IndexMismatch(f"{path} is missing: {VERIFY}") from e
    if found != sha256:
        raise IndexMismatch(f"{path} has changed since it was published: {VERIFY}")


def _mostly_dead(entry: SegmentEntry) -> bool:
    return 2 * entry.live_vectors < entry.vectors or 2 * entry.live_patients < entry.patients
