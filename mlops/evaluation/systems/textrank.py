"""TextRank: sentences that share words with many others (Mihalcea and Tarau, EMNLP 2004)."""

import math
from collections import Counter

import networkx
import numpy as np
from numpy.typing import NDArray

from core.records import Sentence
from mlops.evaluation.systems.base import SystemSummary, extract, sentence_text
from vectorstore.chart import Chart
from vectorstore.lexical import words_of

_SHORTEST = 4
_MOST = 600


class TextRank:
    """PageRank over the graph of sentences, an edge weighing the words shared over the logs of both lengths.

    A sentence charted several times counts once, as it was last charted. Of very long charts the newest 600 different
    sentences are ranked.
    """

    name = "textrank"
    limit = 0

    async def summarize(self, chart: Chart) -> SystemSummary:
        """The sentences ranked first."""
        newest: dict[str, Sentence] = {}
        for sentence in reversed(chart.sentences()):
            if len(newest) < _MOST:
                newest.setdefault(sentence_text(chart, sentence), sentence)
        bags = {text: Counter(words_of(text)) for text in newest}
        texts = [text for text, bag in bags.items() if len(bag) >= _SHORTEST]
        if not texts:
            return extract(chart, newest.values())
        graph = networkx.from_numpy_array(_similarities([bags[text] for text in texts]))
        ranks = networkx.pagerank(graph, max_iter=200)
        return extract(chart, (newest[texts[i]] for i in sorted(ranks, key=lambda i: (-ranks[i], i))))


def _similarities(bags: list[Counter[str]]) -> NDArray[np.float64]:
    vocabulary = {word: n for n, word in enumerate(sorted({word for bag in bags for word in bag}))}
    present = np.zeros((len(bags), len(vocabulary)))
    for row, bag in enumerate(bags):
        present[row, [vocabulary[word] for word in bag]] = 1.0
    logs = np.array([math.log(sum(bag.values())) for bag in bags])
    shared = present @ present.T / (logs[:, None] + logs[None, :])
    np.fill_diagonal(shared, 0.0)
    return np.asarray(shared, dtype=np.float64)
