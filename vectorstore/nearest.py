"""Exact nearest neighbours in one patient's block of vectors."""

import faiss
import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Scores = NDArray[np.float32]


def nearest(
    block: NDArray[np.float32], query: NDArray[np.float32], k: int, *, rows: Rows | None = None
) -> tuple[Rows, Scores]:
    """The `k` rows of `block` with the largest inner product with `query`, best first.

    `block` is (n, d), `query` (d,). Where `rows` is given only these rows, ascending, take part. Of equal scores the
    earlier row comes first, so that the answer is the same every time.
    """
    part = block if rows is None else block[rows]
    k = min(k, len(part))
    if k <= 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    # One more than asked shows whether a tie runs across the last place; faiss breaks such ties by its heap's order.
    reach = min(k + 1, len(part))
    found_scores, found = faiss.knn(query[None, :], part, reach, metric=faiss.METRIC_INNER_PRODUCT)
    scores, places = found_scores[0], found[0]
    if reach > k and scores[k] == scores[k - 1]:
        return _settle(part, query, scores[k - 1], k, rows)
    order = np.lexsort((places, -scores))[:k]
    places, scores = places[order], scores[order]
    return (places if rows is None else rows[places]), scores


def _settle(
    part: NDArray[np.float32], query: NDArray[np.float32], last: np.float32, k: int, rows: Rows | None
) -> tuple[Rows, Scores]:
    """Rank everything, where a tie runs across the last place."""
    scores, places = (a[0] for a in faiss.knn(query[None, :], part, len(part), metric=faiss.METRIC_INNER_PRODUCT))
    reached = scores >= last
    scores, places = scores[reached], places[reached]
    order = np.lexsort((places, -scores))[:k]
    places, scores = places[order], scores[order]
    return (places if rows is None else rows[places]), scores
