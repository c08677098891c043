"""Opening a generation that is no longer live and still on disk."""

import hashlib
from pathlib import Path

from langchain_core.embeddings import Embeddings

from core.errors import IndexUnavailable
from vectorstore.generation import Generation
from vectorstore.layout import MANIFEST, Layout
from vectorstore.pointer import Pointer
from vectorstore.store import SegmentCache, open_generation


def open_kept(root: Path, number: int, embeddings: Embeddings) -> Generation:
    """A generation by its number. The pointer vouches for the live one alone, so compare digests of charts.

    Raises:
        IndexUnavailable: it is not, or no longer, in the index.
        IndexMismatch: it was built with another embedding model, or is damaged.
    """
    layout = Layout(root)
    try:
        digest = hashlib.sha256((layout.generation(number) / MANIFEST).read_bytes()).hexdigest()
        return open_generation(layout, Pointer(number, digest), embeddings, SegmentCache(root))
    except FileNotFoundError:
        raise IndexUnavailable(f"generation {number} is not kept in {root} (ANAMNESIS_INDEX__KEEP)") from None
