"""BM25 within one patient.

Okapi BM25 with the idf of Lucene, which is never negative (Robertson and Zaragoza, "The Probabilistic Relevance
Framework: BM25 and Beyond", 2009; Kamphuis et al., "Which BM25 Do You Mean?", ECIR 2020).
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from vectorstore.nearest import Rows

_WORD = re.compile(r"\w+(?:[.,]\d+)*")
# "no" and "not" are left in: they tell findings apart.
_STOP = frozenset(
    re.findall(
        r"\w+",
        "a an and any are as at be been by did do does for from had has have he her his in is it its of on or patient "
        "patients pt she that the their there they this to was were what which who will with",
    )
)
_K1 = 1.5
_B = 0.75


def words_of(text: str) -> list[str]:
    """The words BM25 counts: case folded, decimal numbers whole, without the most common English words."""
    return [word for word in _WORD.findall(text.casefold()) if word not in _STOP]


class LexicalIndex:
    """BM25 scores of a fixed list of texts. None keeps a place in the list for a text that counts for nothing."""

    def __init__(self, texts: Iterable[str | None]) -> None:
        given = list(texts)
        counted = [Counter(words_of(text or "")) for text in given]
        self._rows = len(counted)
        self._size = sum(text is not None for text in given)
        lengths = np.array([sum(words.values()) for words in counted], dtype=np.float64)
        mean = lengths.sum() / self._size if self._size and lengths.any() else 1.0
        self._damping = _K1 * (1 - _B + _B * lengths / mean)
        postings: dict[str, tuple[list[int], list[int]]] = {}
        for row, words in enumerate(counted):
            for word, count in words.items():
                posted = postings.get(word)
                if posted is None:
                    postings[word] = ([row], [count])
                else:
                    posted[0].append(row)
                    posted[1].append(count)
        self._postings = postings

    def scores(self, query: str) -> NDArray[np.float64]:
        """The score of every text, in their order; 0 where no word is shared."""
        scores = np.zeros(self._rows)
        for word, weight in Counter(words_of(query)).items():
            if word not in self._postings:
                continue
            rows, counts = (np.array(column) for column in self._postings[word])
            idf = np.log1p((self._size - len(rows) + 0.5) / (len(rows) + 0.5))
            scores[rows] += weight * idf * counts / (counts + self._damping[rows])
        return scores


def best_of(scores: NDArray[np.float64], k: int, *, rows: Rows | None = None) -> Rows:
    """Rows with the `k` largest scores above 0, best first, of equal ones the earlier; only of `rows` where given."""
    candidates = np.flatnonzero(scores > 0) if rows is None else rows[scores[rows] > 0]
    order = np.lexsort((candidates, -scores[candidates]))[:k]
    best: Rows = candidates[order]
    return best


def fuse(rankings: Sequence[Rows], *, constant: int = 60) -> list[tuple[int, float]]:
    """Reciprocal rank fusion: rows with their fused scores, best first, of equal ones the earlier.

    Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods",
    SIGIR 2009, with their constant of 60.
    """
    fused: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking.tolist(), start=1):
            fused[row] = fused.get(row, 0.0) + 1.0 / (constant + rank)
    return sorted(fused.items(), key=lambda item: (-item[1], item[0]))
