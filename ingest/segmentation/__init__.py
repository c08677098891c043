"""Sections, sentences and chunks of a note, with exact half-open code-point offsets into its stored text."""

from collections.abc import Callable
from dataclasses import dataclass

from core.records import Chunk, Note, Section, Sentence
from ingest.segmentation.chunks import chunk, pack
from ingest.segmentation.sections import find_sections
from ingest.segmentation.sentences import find_sentences, wrap_width

__all__ = ["VERSION", "Segmentation", "segment"]

VERSION = "5"
"""Changes whenever the same note would be cut differently; an index remembers it."""


@dataclass(frozen=True, slots=True)
class Segmentation:
    """A note's parts, each in the order of the text."""

    sections: tuple[Section, ...]
    sentences: tuple[Sentence, ...]
    chunks: tuple[Chunk, ...]


def segment(note: Note, *, count_tokens: Callable[[str], int], chunk_tokens: int) -> Segmentation:
    """Cut a note into sections, sentences and chunks of at most `chunk_tokens` tokens.

    Sections cover the text. Sentences never overlap, lie in one section each, and cover everything but white space and
    headings. A chunk is a run of sentences of one section; a sentence longer than `chunk_tokens` is one by itself.
    """
    text = note.text
    width = wrap_width(text)
    sections: list[Section] = []
    sentences: list[Sentence] = []
    chunks: list[Chunk] = []
    for headed in find_sections(text, note.note_type):
        section = headed.section
        spans = find_sentences(text, headed.body, section.end, kind=section.kind, width=width)
        own = [
            Sentence(note.note_id, ordinal, start, end, section.heading, section.kind)
            for ordinal, (start, end) in enumerate(spans, len(sentences))
        ]
        sections.append(section)
        sentences.extend(own)
        for first, last in pack(text, own, count_tokens=count_tokens, chunk_tokens=chunk_tokens):
            chunks.append(chunk(own[first], own[last], len(chunks)))
    return Segmentation(tuple(sections), tuple(sentences), tuple(chunks))
