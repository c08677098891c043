"""The text of a note from its chunks, as the usual text splitters cut it: neighbours may share a few words."""

from collections.abc import Sequence
from dataclasses import dataclass

MIN_OVERLAP = 10
"""Fewer characters that end one chunk and begin the next are taken for chance: losing words is worse than repeating."""

_LONGEST_OVERLAP = 5_000


@dataclass(frozen=True, slots=True)
class TextChunk:
    """A piece of a note; `start` is where it stood, where the splitter wrote that down (`add_start_index`)."""

    text: str
    start: int | None = None


def join_chunks(chunks: Sequence[TextChunk]) -> str:
    """Put a note together: by their places where all chunks have one, else in the order given.

    What a splitter dropped between two chunks is white space of unknown kind; a line break is put there, or a space
    where the next chunk goes on in lower case.
    """
    placed = sorted(chunks, key=lambda c: c.start or 0) if all(c.start is not None for c in chunks) else chunks
    parts: list[str] = []
    last: TextChunk | None = None
    for chunk in placed:
        if not chunk.text:
            continue
        if last is None:
            parts.append(chunk.text)
        else:
            shared = _shared(last, chunk)
            if shared == len(chunk.text):
                continue  # it lies within the last one, which may go on after it
            parts.append(chunk.text[shared:] if shared else _between(last, chunk) + chunk.text)
        last = chunk
    return "".join(parts)


def overlap(before: str, after: str) -> int:
    """The most characters that end one text and begin another; 0 below `MIN_OVERLAP`."""
    if len(after) < MIN_OVERLAP:
        return 0
    tail = before[-_LONGEST_OVERLAP:]
    at = tail.find(after[:MIN_OVERLAP])
    while at >= 0:
        if after.startswith(tail[at:]):
            return len(tail) - at
        at = tail.find(after[:MIN_OVERLAP], at + 1)
    return 0


def _shared(last: TextChunk, chunk: TextChunk) -> int:
    if last.start is None or chunk.start is None:
        return overlap(last.text, chunk.text)
    shared = min(last.start + len(last.text) - chunk.start, len(chunk.text))
    if shared <= 0:
        return 0
    if last.text.startswith(chunk.text[:shared], chunk.start - last.start):
        return shared
    return overlap(last.text, chunk.text)


def _between(last: TextChunk, chunk: TextChunk) -> str:
    if last.start is not None and chunk.start is not None:
        gap = chunk.start - last.start - len(last.text)
        if gap == 0:
            return ""
        if gap > 1:
            return "\n" * min(gap, 2)
    return " " if chunk.text[:1].islower() else "\n"
