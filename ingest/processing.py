"""One note from stored text to sections, sentences, chunks and facts."""

from collections.abc import Callable

from core.records import Note, ProcessedNote
from extraction import extract_facts
from ingest import segmentation
from vectorstore.specs import ChunkingSpec

FACTS_VERSION = "14"
"""Changes whenever the same note would give other facts; an index remembers it beside the version of segmentation."""


def chunking_spec(chunk_tokens: int, *, facts: bool = True) -> ChunkingSpec:
    """What an index must have been built with for its notes to be taken over unchanged."""
    return ChunkingSpec(f"{segmentation.VERSION}.{FACTS_VERSION if facts else 'none'}", chunk_tokens)


def process(
    note: Note, source: str, *, count_tokens: Callable[[str], int], chunk_tokens: int, facts: bool = True
) -> ProcessedNote:
    """Cut a note up and find its facts, unless these are not wanted."""
    parts = segmentation.segment(note, count_tokens=count_tokens, chunk_tokens=chunk_tokens)
    found = extract_facts(note, parts.sentences) if facts else ()
    return ProcessedNote(note, source, parts.sections, parts.sentences, parts.chunks, found)
