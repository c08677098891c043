"""Chunks: what is embedded and retrieved."""

from collections.abc import Callable, Iterator, Sequence

from core.records import Chunk, Sentence


def pack(
    text: str, sentences: Sequence[Sentence], *, count_tokens: Callable[[str], int], chunk_tokens: int
) -> Iterator[tuple[int, int]]:
    """Positions `(first, last)`, inclusive, of the runs of one section's sentences that fit into `chunk_tokens`.

    Tokens of neighbouring sentences are taken to add up, less the marks a tokenizer puts round every input. A sentence
    that is too long by itself stands alone.
    """
    if not sentences:
        return
    whole = text[sentences[0].start : sentences[-1].end]
    # Most sections are short: a token takes at least one ASCII character, so these need no counting.
    if (len(whole) <= chunk_tokens and whole.isascii()) or count_tokens(whole) <= chunk_tokens:
        yield 0, len(sentences) - 1
        return
    marks = count_tokens("")
    first, used = 0, marks
    for position, sentence in enumerate(sentences):
        tokens = count_tokens(text[sentence.start : sentence.end]) - marks
        if position > first and used + tokens > chunk_tokens:
            yield first, position - 1
            first, used = position, marks
        used += tokens
    yield first, len(sentences) - 1


def chunk(first: Sentence, last: Sentence, ordinal: int) -> Chunk:
    """The chunk from `first` to `last`, sentences of one section."""
    return Chunk(
        note_id=first.note_id,
        ordinal=ordinal,
        start=first.start,
        end=last.end,
        heading=first.heading,
        kind=first.kind,
        first_sentence=first.ordinal,
        last_sentence=last.ordinal,
    )
