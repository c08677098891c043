"""`python -m vectorstore.migrate [DIR]`: bring an index of an older release to this one's schema.

Nothing is embedded again. A new generation is built beside the live one, which stays as it is and is served meanwhile;
then the pointer is switched. Whatever stops it, it can be run again. Exit codes: 0 done, or nothing to do; 1 refused or
failed, and the live generation is as it was; 2 there is no index.
"""

import argparse
import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

from core.errors import AnamnesisError, IndexMismatch, IndexUnavailable, IngestFailed
from core.settings import load_settings
from vectorstore.collection import collect, fresh_number
from vectorstore.durable import copy_hashed, replace_atomically, sha256_of, sync_file, sync_folder
from vectorstore.layout import CATALOG, DIRECTORY, MANIFEST, VECTORS, Layout
from vectorstore.lock import WriterLock
from vectorstore.lost_pointer import why_nothing_is_live
from vectorstore.manifest import REBUILD, SCHEMA_VERSION, VERIFY, FileEntry, parse_manifest, schema_of
from vectorstore.migrations import Document, Migration, NoWay, steps
from vectorstore.pointer import Pointer, read_pointer, write_pointer
from vectorstore.schema import open_for_update
from vectorstore.seal import sealed

_KEEP_ALL = sys.maxsize


def migrate(root: Path, say: Callable[[str], None] = lambda _: None) -> int | None:
    """Publish the live generation's charts in this release's schema. `say` hears of each step.

    Returns the new generation's number, None where the live one has this schema already.

    Raises:
        IndexUnavailable: there is no index.
        IndexMismatch: the live generation is damaged, or of a newer release, or one that is too old.
        IngestFailed: a writer is at work, or the disk is full or fails.
    """
    layout = Layout(root)
    if read_pointer(layout.pointer) is None:
        raise IndexUnavailable(why_nothing_is_live(layout))
    with WriterLock(layout.lock):
        pointer, document, version = _live(layout)
        if version == SCHEMA_VERSION:
            return None
        try:
            chosen = steps(version, SCHEMA_VERSION)
        except NoWay as e:
            raise IndexMismatch(f"there is no way from schema {e.version} to {SCHEMA_VERSION}: {REBUILD}") from e
        # What a run of this that was stopped left behind.
        collect(layout, _KEEP_ALL)
        try:
            return _Move(layout, pointer, document, chosen, say).run()
        except (OSError, sqlite3.OperationalError) as e:
            raise IngestFailed(
                f"the index in {root} could not be migrated ({e}); the live generation is as it was: see to the disk "
                "and run this again"
            ) from e
        finally:
            collect(layout, _KEEP_ALL)


class _Move:
    """One migration of one generation."""

    def __init__(
        self,
        layout: Layout,
        pointer: Pointer,
        document: Document,
        chosen: Sequence[Migration],
        say: Callable[[str], None],
    ) -> None:
        self._layout = layout
        self._pointer = pointer
        self._document = document
        self._steps = chosen
        self._say = say
        self._number = fresh_number(layout)

    def run(self) -> int:
        document, folder = self._document, self._layout.generation(self._number)
        folder.mkdir(parents=True)
        names = {}
        for at, segment in enumerate(document["segments"]):
            old = str(segment["name"])
            names[old] = f"{self._number:08d}" + (f"-{at + 1}" if at else "")
            self._segment(segment, names[old])
            self._say(f"segment {at + 1} of {len(document['segments'])} is copied")
        self._directory(folder / DIRECTORY, names)
        document |= {
            "schema_version": SCHEMA_VERSION,
            "generation": self._number,
            "published_at": time.time(),
            # The same charts in other files: both count as one of the generations kept.
            "follows": self._pointer.number,
            "compacts": self._pointer.number,
        }
        content = sealed(document)
        parse_manifest(content)
        replace_atomically(folder / MANIFEST, content)
        for changed in (self._layout.generations, self._layout.segments, self._layout.root):
            sync_folder(changed)
        write_pointer(self._layout.pointer, Pointer(self._number, sha256(content).hexdigest()))
        return self._number

    def _segment(self, segment: Document, name: str) -> None:
        files = {Path(file["path"]).name: FileEntry(**file) for file in segment["files"]}
        folder = self._layout.segment(name)
        folder.mkdir()
        vectors, catalog = folder / VECTORS, folder / CATALOG
        self._same(files[VECTORS], vectors)
        self._copy(files[CATALOG], catalog)
        with _changing(catalog) as db:
            for step in self._steps:
                step.change_catalog(db)
        sync_folder(folder)
        size = files[VECTORS].size
        segment["name"] = name
        segment["files"] = [
            {"path": self._relative(vectors), "size": size, "sha256": files[VECTORS].sha256},
            self._entry(catalog),
        ]

    def _directory(self, path: Path, names: dict[str, str]) -> None:
        self._copy(FileEntry(**self._document["directory"]), path)
        with _changing(path) as db:
            for old, new in names.items():
                db.execute("UPDATE patients SET segment = ? WHERE segment = ?", (new, old))
            for step in self._steps:
                step.change_directory(db)
                step.change_manifest(self._document, db)
        self._document["directory"] = self._entry(path)

    def _same(self, file: FileEntry, target: Path) -> None:
        """Vectors do not change, so both generations may have the one file."""
        source = self._layout.root / file.path
        self._check_size(source, file)
        try:
            os.link(source, target)
        except OSError:
            # Not every file system has hard links.
            self._copy(file, target)
        sync_file(target)

    def _copy(self, file: FileEntry, target: Path) -> None:
        source = self._layout.root / file.path
        self._check_size(source, file)
        if copy_hashed(source, target) != file.sha256:
            raise IndexMismatch(f"{source} has changed since it was published: {REBUILD}")

    def _check_size(self, source: Path, file: FileEntry) -> None:
        if not source.exists():
            raise IndexMismatch(f"{source} is missing: {REBUILD}")
        if source.stat().st_size != file.size:
            raise IndexMismatch(f"{source} has the wrong size: {REBUILD}")

    def _entry(self, path: Path) -> Document:
        return {"path": self._relative(path), "size": path.stat().st_size, "sha256": sha256_of(path)}

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._layout.root).as_posix()


def main(arguments: Sequence[str] | None = None) -> int:
    """Migrate and report. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m vectorstore.migrate",
        description="Bring an index that an older release wrote to the schema of this one, without embedding anything "
        "again. The live generation is served meanwhile.",
        epilog="Exit codes: 0 done or nothing to do, 1 failed and nothing changed, 2 there is no index.",
    )
    parser.add_argument("dir", nargs="?", type=Path, help="folder of the index (default: ANAMNESIS_INDEX__DIR)")
    chosen: Path | None = parser.parse_args(arguments).dir

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")

    try:
        root = chosen if chosen is not None else load_settings().index.dir
        number = migrate(root, say)
    except IndexUnavailable as e:
        say(str(e))
        return 2
    except AnamnesisError as e:
        say(str(e))
        return 1
    if number is None:
        say(f"the index in {root} has schema {SCHEMA_VERSION} already: nothing to do")
    else:
        say(f"live now: generation {number}, of schema {SCHEMA_VERSION}")
    return 0


def _live(layout: Layout) -> tuple[Pointer, Document, int]:
    pointer = read_pointer(layout.pointer)
    if pointer is None:
        raise IndexUnavailable(why_nothing_is_live(layout))
    path = layout.generation(pointer.number) / MANIFEST
    try:
        content = path.read_bytes()
    except FileNotFoundError as e:
        raise IndexMismatch(f"{path} is missing: {VERIFY}") from e
    version = schema_of(content)
    if version is None or sha256(content).hexdigest() != pointer.manifest_sha256:
        raise IndexMismatch(f"{path} is damaged: {VERIFY}")
    if version > SCHEMA_VERSION:
        raise IndexMismatch(
            f"the index has schema {version} and this program reads {SCHEMA_VERSION}: update the program"
        )
    return pointer, json.loads(content), version


@contextmanager
def _changing(path: Path) -> Iterator[sqlite3.Connection]:
    """A copy within one transaction; on disk when the block ends."""
    with closing(open_for_update(path)) as db:
        db.execute("BEGIN")
        yield db
        db.execute("COMMIT")
    sync_file(path)


if __name__ == "__main__":
    sys.exit(main())
