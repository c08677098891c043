"""Aspect MMR: maximal marginal relevance for each section of the template (Carbonell and Goldstein, SIGIR 1998)."""

from collections.abc import Iterator
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from mlops.evaluation.systems.base import SystemSummary, extract, sentence_text
from prompts import load_templates
from vectorstore.chart import Chart
from vectorstore.lexical import LexicalIndex, words_of

LAMBDA = 0.7
_EACH = 6
_POOL = 60
_ASPECTS = (
    "active problems diagnoses history of",
    "current medications dose daily",
    "allergies reaction",
    "laboratory results values",
    "code status",
)
"""What the lists of the handoff ask for: their template needs no queries, so these words stand in for them."""


class AspectMmr:
    """Sentences by BM25 for each aspect, less what is like those already taken; the aspects take turns."""

    name = "mmr"
    limit = 0

    def __init__(self) -> None:
        sections = load_templates()["handoff"].sections
        self._aspects = (*_ASPECTS, *(" ".join(s.queries) for s in sections if s.queries))

    async def summarize(self, chart: Chart) -> SystemSummary:
        """The best sentence of each aspect, then the second best of each, and so on."""
        newest = {sentence_text(chart, s): s for s in chart.sentences()}
        texts = list(newest)
        index = LexicalIndex(f"{newest[text].heading} {text}" for text in texts)
        bags = [frozenset(words_of(text)) for text in texts]
        picks = [_mmr(index.scores(aspect), bags) for aspect in self._aspects]
        return extract(chart, (newest[texts[i]] for i in dict.fromkeys(_in_turns(picks))))


def _mmr(scores: NDArray[np.float64], bags: list[frozenset[str]]) -> list[int]:
    pool = [int(i) for i in np.argsort(-scores, kind="stable")[:_POOL] if scores[i] > 0]
    best = max((float(scores[i]) for i in pool), default=1.0)
    chosen: list[int] = []
    while pool and len(chosen) < _EACH:
        top = max(
            pool,
            key=lambda i: (
                LAMBDA * scores[i] / best
                - (1 - LAMBDA) * max((_jaccard(bags[i], bags[j]) for j in chosen), default=0.0)
            ),
        )
        pool.remove(top)
        chosen.append(top)
    return chosen


def _in_turns(picks: list[list[int]]) -> Iterator[int]:
    for turn in zip_longest(*picks):
        yield from (i for i in turn if i is not None)


def _jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    return len(left & right) / max(1, len(left | right))
