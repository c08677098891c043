"""What lies in the index folder that no generation needs."""

import re
from pathlib import Path

from tests.crash.runs import Place
from vectorstore.layout import MANIFEST, Layout
from vectorstore.manifest import parse_manifest


def leftovers(place: Place, at_rest: frozenset[str]) -> list[str]:
    """Segments no kept generation uses, generations without a manifest, and files that a run at rest does not have.

    `at_rest` are the `kinds` of a folder in which no run was ever interrupted.
    """
    layout = Layout(place.index)
    used, found = set(), []
    for number in layout.generation_numbers():
        path = layout.generation(number) / MANIFEST
        if path.exists():
            used |= {entry.name for entry in parse_manifest(path.read_bytes()).segments}
        else:
            found.append(f"generation {number} without a manifest")
    found += [f"segment {folder.name}" for folder in layout.segments.iterdir() if folder.name not in used]
    return found + sorted(kinds(place) - at_rest)


def kinds(place: Place) -> frozenset[str]:
    """The names of all files beside and in the index, each number and each hex digest written as 0."""
    files = (path.relative_to(place.root) for path in place.root.rglob("*") if not path.is_dir() or _empty(path))
    return frozenset(re.sub(r"\d[\dTZa-f]*", "0", str(path)) for path in files)


def _empty(folder: Path) -> bool:
    return not any(folder.iterdir())
