"""Collecting garbage: generations past the number kept, segments none of them uses, and what a crash left behind."""

import shutil

from core.errors import IndexMismatch
from vectorstore.layout import MANIFEST, Layout
from vectorstore.manifest import parse_manifest


def collect(layout: Layout, live: int | None, keep: int) -> None:
    """Remove all that neither the live generation nor the `keep - 1` before it use. Only the writer may call this.

    Files that a reader holds open stay readable to it until it closes them.
    """
    numbers = layout.generation_numbers()
    kept = [n for n in numbers if live is not None and n <= live][-keep:]
    used: set[str] = set()
    for number in tuple(kept):
        try:
            manifest = parse_manifest((layout.generation(number) / MANIFEST).read_bytes())
        except (IndexMismatch, FileNotFoundError):
            if number == live:
                # What the live generation uses cannot be told, so nothing of it may go.
                return
            kept.remove(number)
        else:
            used.update(entry.name for entry in manifest.segments)
    for number in set(numbers) - set(kept):
        shutil.rmtree(layout.generation(number))
    if layout.segments.is_dir():
        for folder in layout.segments.iterdir():
            if folder.name not in used:
                shutil.rmtree(folder)
    layout.pointer.with_name(layout.pointer.name + ".new").unlink(missing_ok=True)
