"""Clinical text of a chosen length, cut from synthetic charts."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice

from ingest.synthetic.catalog_files import load_catalog
from ingest.synthetic.chart import write_chart
from ingest.synthetic.phrasing import load_bank


def chunks(count: int, *, tokens: int, count_tokens: Callable[[str], int], seed: int = 11) -> list[str]:
    """`count` different texts of about `tokens` tokens: each is the last that does not pass it."""
    return list(islice(_cut(tokens, lru_cache(maxsize=None)(count_tokens), seed), count))


def _cut(tokens: int, count_tokens: Callable[[str], int], seed: int) -> Iterator[str]:
    seen = set()
    for text in _notes(seed):
        words: list[str] = []
        length = 0
        for word in text.split():
            # Word pieces never run across white space, so their numbers add up.
            size = count_tokens(word)
            if length + size > tokens:
                chunk = " ".join(words)
                # Copied-forward paragraphs would make the nearest neighbours a matter of ties.
                if chunk not in seen:
                    seen.add(chunk)
                    yield chunk
                words, length = [], 0
            words.append(word)
            length += size


def _notes(seed: int) -> Iterator[str]:
    catalog, bank = load_catalog(), load_bank("a")
    for index in range(10_000):
        notes, _ = write_chart(catalog, bank, seed=seed, index=index)
        yield from (note.text for note in notes)
