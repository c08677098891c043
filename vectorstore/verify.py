"""`python -m vectorstore.verify [DIR]`: compare every file of the live generation with its checksum.

Damage is named file by file, with the command that mends it; the exit status is then 1.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from core.errors import AnamnesisError, IndexMismatch
from core.settings import load_settings
from vectorstore.durable import sha256_of
from vectorstore.layout import Layout
from vectorstore.manifest import REBUILD, FileEntry, Manifest
from vectorstore.pointer import read_pointer
from vectorstore.store import read_manifest


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that is not what was published."""

    path: Path
    problem: str


def live_manifest(root: Path) -> Manifest | None:
    """The manifest of the live generation, or None where nothing was published.

    Raises:
        IndexMismatch: the pointer or the manifest itself is damaged or gone.
    """
    layout = Layout(root)
    pointer = read_pointer(layout.pointer)
    if pointer is None:
        return None
    try:
        return read_manifest(layout, pointer)
    except FileNotFoundError as e:
        raise IndexMismatch(f"{e.filename} is missing: {REBUILD}") from e


def find_damage(root: Path, manifest: Manifest) -> list[Damage]:
    """Every file of a generation that is missing, truncated or changed."""
    return [
        Damage(root / file.path, problem)
        for file in manifest.files()
        if (problem := _problem(root / file.path, file)) is not None
    ]


def _problem(path: Path, file: FileEntry) -> str | None:
    try:
        size = path.stat().st_size
        if size != file.size:
            return f"has {size} bytes instead of {file.size}"
        return None if sha256_of(path) == file.sha256 else "has changed since it was published"
    except FileNotFoundError:
        return "is missing"
    except OSError as e:
        return f"cannot be read ({e.strerror})"


def main(arguments: list[str] | None = None) -> int:
    """Verify and report. Returns 0 where all is well, 1 where something is damaged, 2 where there is no index."""
    parser = argparse.ArgumentParser(
        prog="python -m vectorstore.verify", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("dir", nargs="?", type=Path, help="folder of the index (default: ANAMNESIS_INDEX__DIR)")
    chosen: Path | None = parser.parse_args(arguments).dir
    try:
        root = chosen if chosen is not None else load_settings().index.dir
        manifest = live_manifest(root)
    except AnamnesisError as e:
        sys.stdout.write(f"{e}\n")
        return 1
    if manifest is None:
        sys.stdout.write(f"there is no index in {root}: run `make ingest NOTES=…`\n")
        return 2
    damage = find_damage(root, manifest)
    for item in damage:
        sys.stdout.write(f"{item.path} {item.problem}: {REBUILD}\n")
    if not damage:
        sys.stdout.write(f"generation {manifest.generation}: {len(manifest.files())} files as published\n")
    return 1 if damage else 0


if __name__ == "__main__":
    sys.exit(main())
