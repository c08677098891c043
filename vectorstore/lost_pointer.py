"""An index without a pointer: it has none yet, its first publication was cut short, or the file was lost."""

import logging

from core.errors import IndexMismatch
from vectorstore.examination import Files, examine
from vectorstore.layout import MANIFEST, Layout
from vectorstore.manifest import REBUILD
from vectorstore.pointer import ROLLBACK, Pointer, write_pointer

log = logging.getLogger(__name__)


def finished(layout: Layout) -> list[int]:
    """The generations that have a manifest, damaged or not, ascending: a run had finished these, published or not."""
    return [n for n in layout.generation_numbers() if (layout.generation(n) / MANIFEST).exists()]


def why_nothing_is_live(layout: Layout) -> str:
    """What to say where there is no pointer: that there is no index yet, or that the pointer was lost."""
    if finished(layout):
        return f"{layout.pointer} is missing, and generations are there: {ROLLBACK}"
    return f"there is no index in {layout.root} yet: run `make ingest NOTES=…`"


def recover_pointer(layout: Layout) -> Pointer | None:
    """Make the first generation live where it alone is there; None where there is none. For the holder of the lock.

    A manifest shows up once all it names is on disk, and a moment before the pointer. A single generation that follows
    none is therefore the first publication, killed in that moment, or published and its pointer lost since. The two
    look the same, and need not be told apart: the killed run would have made it live in its next step, so making it
    live now brings about what it meant, and gives back what was lost. Taking it for rubbish would lose a whole index.

    Any other generation followed a pointer, which was then lost. Which of them it named cannot be told, as there may
    have been a rollback: that is for the operator to say.

    Raises:
        IndexMismatch: there is more than a first generation, or it is not whole.
    """
    numbers = finished(layout)
    if not numbers:
        return None
    first = examine(layout, numbers[0], Files(layout.root))
    if len(numbers) > 1 or not first.whole or first.manifest is None or first.manifest.follows is not None:
        raise IndexMismatch(
            f"{layout.pointer} is missing, and generations are there, which this run would put an end to: "
            f"{ROLLBACK}, or {REBUILD.removeprefix('run ')}"
        )
    pointer = Pointer(first.number, first.manifest_sha256)
    write_pointer(layout.pointer, pointer)
    log.warning("the first generation had no pointer and is live now", extra={"generation": first.number})
    return pointer
