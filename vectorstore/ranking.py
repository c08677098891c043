"""A patient's chunks in the order in which they answer a query: vectors and BM25, fused."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vectorstore.lexical import LexicalIndex, best_of, fuse
from vectorstore.nearest import Rows, nearest

# (note_id, start) of a chunk and the text that it is to be ranked by; one without any text is not ranked.
Instead: TypeAlias = Mapping[tuple[str, int], str]
NOTHING_ELSE: Instead = {}
# Rankings are cut here before they are fused: past it a reciprocal rank no longer moves the first dozen.
_DEPTH = 100
# No chart may make a query wait for more vectors than these; further chunks keep the vector that they have.
MOST_EMBEDDED = 32


class Ranking:
    """Ranks rows, a vector of `vectors` (rows, d) and a text each. One whose text is None is no answer to any."""

    def __init__(self, vectors: NDArray[np.float32], texts: Iterable[str | None]) -> None:
        given = list(texts)
        self._vectors = vectors
        self._lexical = LexicalIndex(given)
        self._ranked: Rows | None = None
        if None in given:
            self._ranked = np.array([row for row, text in enumerate(given) if text is not None], dtype=np.int64)

    def best(self, query: str, vector: NDArray[np.float32], k: int, rows: Rows | None) -> list[tuple[int, float]]:
        """The first `k` of `rows` with their fused scores. `vector` (d,) is that of the query."""
        if self._ranked is not None:
            rows = self._ranked if rows is None else np.intersect1d(rows, self._ranked)
        depth = max(_DEPTH, 4 * k)
        dense, _ = nearest(self._vectors, vector, depth, rows=rows)
        return fuse([dense, best_of(self._lexical.scores(query), depth, rows=rows)])[:k]


def embedded_again(
    vectors: NDArray[np.float32], texts: Mapping[int, str], embed: Callable[[list[str]], list[list[float]]]
) -> NDArray[np.float32]:
    """A copy of `vectors` (rows, d) in which the first `MOST_EMBEDDED` rows of `texts` have the vectors of these."""
    changed = dict(list(texts.items())[:MOST_EMBEDDED])
    copy = np.array(vectors, dtype=np.float32)
    if changed:
        copy[list(changed)] = embed(list(changed.values()))
    return copy
