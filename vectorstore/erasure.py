"""Removing a patient from every generation that is kept, while readers go on reading.

Segments never change, so each that has rows of the patient is copied without them. The live generation is published
anew, so that services switch; those kept beside it get a new directory and manifest, once no reader holds them. Only
then is what they used before removed. Each step can be repeated, so after a crash the same call completes the work.
"""

import hashlib
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from sqlite3 import DatabaseError

from core.errors import IndexMismatch
from vectorstore.collection import collect, fresh_number, remove
from vectorstore.durable import replace_atomically, sync_folder
from vectorstore.layout import DIRECTORY, MANIFEST, Layout
from vectorstore.lease import claimed
from vectorstore.manifest import Counts, Manifest, SegmentEntry, parse_manifest
from vectorstore.pointer import Pointer, read_pointer, write_pointer
from vectorstore.schema import open_finished
from vectorstore.scrubbing import holds_patient, scrub_directory, scrub_segment

_LOOK_S = 0.2
Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What became of an index. `published` is the new live generation, `held` are those a reader would not let go."""

    published: int | None
    rewritten: tuple[int, ...]
    removed: tuple[int, ...]
    segments: tuple[str, ...]
    held: tuple[int, ...]


def scrub(
    layout: Layout,
    patient_id: str,
    number: int,
    *,
    keep: int,
    wait_s: float,
    tainted: Collection[str] = (),
    step: Step = lambda _: None,
) -> Scrubbed:
    """Remove a patient from all generations. Only who holds the writer lock may call this.

    `number` is the erasure's own, `tainted` names segments to be copied although no row of theirs is the patient's,
    `step` is told what was done.

    Raises:
        IndexMismatch: the live generation cannot be read, so nothing was changed.
    """
    pointer = read_pointer(layout.pointer)
    manifests = {n: m for n in layout.generation_numbers() if (m := _manifest(layout, n)) is not None}
    live = manifests.get(pointer.number) if pointer else None
    if pointer is not None and live is None:
        raise IndexMismatch(f"the live generation cannot be read: run `python -m vectorstore.verify {layout.root}`")
    work = _Work(layout, patient_id, number, manifests, step)
    # One that cannot be read cannot be cleaned either, and nobody can go back to it.
    doomed: set[int] = set(layout.generation_numbers()) - set(manifests)
    doomed |= {n for n, m in manifests.items() if m is not live and not work.readable(m)}
    copies = work.copy_segments(set(tainted), without=doomed)
    affected = {n for n, m in manifests.items() if n not in doomed and work.concerns(m, copies)}
    published = None
    if pointer is not None and live is not None:
        forward = {n for n in affected if n > pointer.number}
        if pointer.number in affected:
            published = work.publish(live, copies)
            doomed |= {pointer.number, *forward}
        elif forward:
            write_pointer(layout.pointer, Pointer(pointer.number, pointer.manifest_sha256))
            doomed |= forward
        # A crash came between the publication and the removal of what it replaces.
        doomed |= {m.compacts for n, m in manifests.items() if m.compacts in affected and n not in affected}
    removed, rewritten, held = work.settle(doomed, affected - doomed, copies, wait_s)
    step("settled")
    collect(layout, keep)
    work.sweep()
    return Scrubbed(published, rewritten, removed, tuple(sorted(copies)), held)


class _Work:
    def __init__(
        self, layout: Layout, patient_id: str, number: int, manifests: Mapping[int, Manifest], step: Step
    ) -> None:
        self._layout = layout
        self._patient_id = patient_id
        self._erasure = number
        self._manifests = manifests
        self._step = step

    def readable(self, manifest: Manifest) -> bool:
        """Whether all databases of a generation are there and open."""
        try:
            self._in_directory(manifest)
            for entry in manifest.segments:
                self._in_segment(entry)
        except (OSError, DatabaseError):
            return False
        return True

    def concerns(self, manifest: Manifest, copies: Mapping[str, SegmentEntry]) -> bool:
        """Whether a generation holds the patient or uses a segment that was copied."""
        return any(entry.name in copies for entry in manifest.segments) or self._in_directory(manifest)

    def copy_segments(self, tainted: set[str], *, without: Collection[int]) -> dict[str, SegmentEntry]:
        """By the name of each segment to be replaced the one that replaces it."""
        entries = {e.name: e for n, m in self._manifests.items() if n not in without for e in m.segments}
        tainted |= {name for name, entry in entries.items() if self._in_segment(entry)}
        copies = {}
        for name in sorted(tainted & set(entries)):
            other = self._name_for(name, tainted)
            copies[name] = entries.get(other) or scrub_segment(
                self._layout.root, entries[name], other, self._patient_id
            )
            self._step("segment copied")
        return copies

    def publish(self, live: Manifest, copies: Mapping[str, SegmentEntry]) -> int:
        """Publish the live generation without the patient."""
        number = fresh_number(self._layout)
        folder = self._layout.generation(number)
        folder.mkdir(parents=True)
        manifest = self._without(live, folder / DIRECTORY, copies)
        # It takes the place of the one before in every respect, so the two count as one of those kept.
        manifest = replace(
            manifest,
            generation=number,
            published_at=time.time(),
            follows=live.generation,
            compacts=live.generation,
        )
        content = manifest.to_json()
        replace_atomically(folder / MANIFEST, content)
        sync_folder(folder)
        sync_folder(folder.parent)
        self._step("generation written")
        write_pointer(self._layout.pointer, Pointer(number, hashlib.sha256(content).hexdigest()))
        self._step("published")
        return number

    def settle(
        self, doomed: set[int], affected: set[int], copies: Mapping[str, SegmentEntry], wait_s: float
    ) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """Remove and rewrite generations as readers let them go. Gives those removed, rewritten and still held."""
        until = time.monotonic() + wait_s
        removed: list[int] = []
        rewritten: list[int] = []
        left = sorted(doomed | affected)
        while left:
            for number in tuple(left):
                if number in doomed:
                    done = remove(self._layout, number)
                else:
                    done = self._rewrite(self._manifests[number], copies)
                if done:
                    left.remove(number)
                    (removed if number in doomed else rewritten).append(number)
                    self._step("generation removed" if number in doomed else "generation rewritten")
            if left and time.monotonic() >= until:
                break
            if left:
                time.sleep(_LOOK_S)
        return tuple(removed), tuple(rewritten), tuple(left)

    def sweep(self) -> None:
        """Remove what lies in a generation's folder and is none of it: what a crash left."""
        for number in self._layout.generation_numbers():
            manifest = _manifest(self._layout, number)
            if manifest is not None:
                self._sweep(number, manifest)

    def _sweep(self, number: int, manifest: Manifest) -> None:
        folder = self._layout.generation(number)
        own = {MANIFEST, Path(manifest.directory.path).name}
        for path in folder.iterdir():
            if path.name not in own:
                path.unlink()

    def _rewrite(self, manifest: Manifest, copies: Mapping[str, SegmentEntry]) -> bool:
        folder = self._layout.generation(manifest.generation)
        with claimed(folder / MANIFEST) as free:
            if not free:
                return False
            changed = self._without(manifest, folder / f"directory-e{self._erasure}.sqlite", copies)
            self._step("directory written")
            replace_atomically(folder / MANIFEST, changed.to_json())
            self._step("manifest replaced")
            self._sweep(manifest.generation, changed)
        return True

    def _without(self, manifest: Manifest, directory: Path, copies: Mapping[str, SegmentEntry]) -> Manifest:
        if self._layout.root / manifest.directory.path == directory:
            # The same erasure has cleaned it before, and has more to clean.
            directory = directory.with_stem(directory.stem + "-again")
        renamed = {old: new.name for old, new in copies.items()}
        root = self._layout.root
        entry = scrub_directory(root, root / manifest.directory.path, directory, self._patient_id, renamed)
        counts, shares = _counted(directory)
        segments = (copies.get(old.name, old) for old in manifest.segments)
        return replace(
            manifest,
            counts=counts,
            segments=tuple(
                replace(new, live_patients=shares[new.name][0], live_vectors=shares[new.name][1])
                for new in segments
                if new.name in shares
            ),
            directory=entry,
        )

    def _name_for(self, name: str, taken: Collection[str]) -> str:
        base = name.partition("-e")[0]
        names = (f"{base}-e{self._erasure}" + (f".{i}" if i > 1 else "") for i in count(1))
        return next(candidate for candidate in names if candidate not in taken)

    def _in_segment(self, entry: SegmentEntry) -> bool:
        return holds_patient(self._layout.segment(entry.name) / "catalog.sqlite", self._patient_id)

    def _in_directory(self, manifest: Manifest) -> bool:
        return holds_patient(self._layout.root / manifest.directory.path, self._patient_id)


def _counted(directory: Path) -> tuple[Counts, dict[str, tuple[int, int]]]:
    with closing(open_finished(directory)) as db:
        counts = db.execute("SELECT count(*), coalesce(sum(notes), 0), coalesce(sum(vectors), 0) FROM patients")
        shares = db.execute("SELECT segment, count(*), sum(vectors) FROM patients GROUP BY segment")
        return Counts(*counts.fetchone()), {name: (patients, vectors) for name, patients, vectors in shares}


def _manifest(layout: Layout, number: int) -> Manifest | None:
    try:
        return parse_manifest((layout.generation(number) / MANIFEST).read_bytes())
    except (OSError, IndexMismatch):
        return None
