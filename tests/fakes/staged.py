"""A staging as an interrupted run leaves it."""

from pathlib import Path

from tests.fakes.indexes import CHUNKING, EMBEDDINGS, lined, vectors_of
from vectorstore.layout import Layout
from vectorstore.staging import Staging
from vectorstore.stored_note import stored_note


def stage(root: Path, *texts: str) -> Path:
    """Stage a note of each text, a day's work that was not published. Returns the folder."""
    folder = Layout(root).staging
    with Staging(folder, embedding=EMBEDDINGS.spec, chunking=CHUNKING) as staging:
        for at, text in enumerate(texts):
            item = lined("ann", f"staged/{at}", text)
            staging.add(stored_note(item, vectors_of([item]), row_digest=f"row {at}"))
    return folder
