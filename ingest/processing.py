"""One note from stored text to sections, sentences, chunks and facts."""

from collections.abc import Callable

from core.records import ProcessedNote
from extraction import extract_facts
from ingest import segmentation
from ingest.spool import SpooledNote
from vectorstore.specs import ChunkingSpec

FACTS_VERSION = "14"
"""Changes whenever the same note would give other facts; an index remembers it beside the version of segmentation."""


def chunking_spec(chunk_tokens: int) -> ChunkingSpec:
    """What an index must have been built with for its notes to be taken over unchanged."""
    return ChunkingSpec(f"{segmentation.VERSION}.{FACTS_VERSION}", chunk_tokens)


def process(item: SpooledNote, *, count_tokens: Callable[[str], int], chunk_tokens: int) -> ProcessedNote:
    """Cut a note up and find its facts."""
    parts = segmentation.segment(item.note, count_tokens=count_tokens, chunk_tokens=chunk_tokens)
    facts = extract_facts(item.note, parts.sentences)
    return ProcessedNote(item.note, item.source, parts.sections, parts.sentences, parts.chunks, facts)
