"""Which sentences support a text: the writer's ids are a claim, code finds what carries it, and no more than that."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from chains.evidence import Evidence
from chains.wording import content_words

Supports = Callable[[tuple[Evidence, ...]], bool]

MOST_LOOKED_AT = 6


def minimal(cited: tuple[Evidence, ...], supports: Supports) -> tuple[Evidence, ...]:
    """The cited evidence less every piece without which the rest still supports the text, the last pieces first."""
    kept = cited
    for piece in reversed(cited):
        fewer = tuple(e for e in kept if e is not piece)
        if fewer and supports(fewer):
            kept = fewer
    return kept


def find_support(text: str, pool: Sequence[Evidence], supports: Supports) -> tuple[Evidence, ...] | None:
    """The fewest pieces of the pool that support the text: one, else two, else all that share words with it.

    Those that share most words are looked at first. None where nothing does; the demands on support never sink.
    """
    near = sorted(_sharing(text, pool), key=lambda e: e[0], reverse=True)[:MOST_LOOKED_AT]
    pieces = tuple(e for _, e in near)
    for cited in _choices(pieces):
        if supports(cited):
            return minimal(cited, supports)
    return None


def _choices(pieces: tuple[Evidence, ...]) -> Iterator[tuple[Evidence, ...]]:
    yield from ((e,) for e in pieces)
    yield from combinations(pieces, 2)
    if len(pieces) > 2:
        yield pieces


def _sharing(text: str, pool: Sequence[Evidence]) -> Iterator[tuple[int, Evidence]]:
    asked = frozenset(content_words(text))
    for evidence in pool:
        shared = len(asked.intersection(content_words(evidence.context)))
        if shared or not asked:
            yield shared, evidence
