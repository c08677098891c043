"""Search within a patient: exact, fused by rank, the same every time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vectorstore.lexical import LexicalIndex, best_of, fuse, words_of
from vectorstore.nearest import nearest


def brute_force(block: np.ndarray, query: np.ndarray, k: int, rows: np.ndarray | None = None) -> list[int]:
    candidates = range(len(block)) if rows is None else rows.tolist()
    scores = {row: float(block[row] @ query) for row in candidates}
    return sorted(scores, key=lambda row: (-scores[row], row))[:k]


# Small whole numbers, so that products are exact in any order of summation and ties are common.
small = st.integers(-3, 3).map(np.float32)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), count=st.integers(0, 40), k=st.integers(0, 45))
def test_nearest_equals_brute_force_ties_included(data: st.DataObject, count: int, k: int) -> None:
    block = data.draw(hnp.arrays(np.float32, (count, 6), elements=small))
    query = data.draw(hnp.arrays(np.float32, 6, elements=small))
    kept = data.draw(st.none() | hnp.arrays(np.bool_, count))
    rows = None if kept is None else np.flatnonzero(kept)
    found, scores = nearest(block, query, k, rows=rows)
    assert found.tolist() == brute_force(block, query, k, rows)
    assert np.array_equal(scores, block[found] @ query)


def test_nearest_equals_brute_force_on_real_sized_vectors() -> None:
    rng = np.random.default_rng(7)
    for count in (1, 3, 50, 1000):
        block = rng.standard_normal((count, 384), dtype=np.float32)
        block /= np.linalg.norm(block, axis=1, keepdims=True)
        for query in rng.standard_normal((5, 384), dtype=np.float32):
            found, scores = nearest(block, query, 10)
            assert found.tolist() == np.argsort(-(block @ query), kind="stable")[:10].tolist()
            assert np.allclose(scores, (block @ query)[found], rtol=1e-5, atol=1e-5)


def test_copied_forward_text_ranks_oldest_first() -> None:
    one = np.ones((1, 384), dtype=np.float32)
    found, _ = nearest(np.repeat(one, 300, axis=0), one[0], 5)
    assert found.tolist() == [0, 1, 2, 3, 4]


def test_bm25_equals_its_formula() -> None:
    texts = ["aspirin 81 mg daily", "aspirin aspirin held", "no fever"]
    scores = LexicalIndex(texts).scores("aspirin")
    lengths = [len(words_of(text)) for text in texts]
    idf = np.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    for row, count in ((0, 1), (1, 2)):
        damping = 1.5 * (0.25 + 0.75 * lengths[row] / np.mean(lengths))
        assert scores[row] == pytest.approx(idf * count / (count + damping))
    assert scores[2] == 0


def test_bm25_knows_words_whatever_their_case_and_keeps_numbers_whole() -> None:
    scores = LexicalIndex(["Creatinine 1.5", "creatinine 15", "potassium 5"]).scores("CREATININE 1.5")
    assert scores[0] > scores[1] > scores[2] == 0


@pytest.mark.parametrize("texts", [[], ["", "..."], ["the of"]])
def test_bm25_of_nothing_is_nothing(texts: list[str]) -> None:
    scores = LexicalIndex(texts).scores("the aspirin")
    assert scores.shape == (len(texts),)
    assert best_of(scores, 5).tolist() == []


def test_best_of_leaves_out_filtered_rows_before_it_ranks() -> None:
    scores = np.array([3.0, 2.0, 2.0, 1.0, 0.0])
    assert best_of(scores, 2).tolist() == [0, 1]
    assert best_of(scores, 2, rows=np.array([2, 3, 4])).tolist() == [2, 3]


def test_fusion_prefers_what_both_rankings_found() -> None:
    fused = fuse([np.array([1, 2, 3]), np.array([2, 4])])
    assert fused[0] == (2, pytest.approx(1 / 62 + 1 / 61))
    assert [row for row, _ in fused] == [2, 1, 4, 3]


def test_fusion_breaks_ties_by_row() -> None:
    assert [row for row, _ in fuse([np.array([9]), np.array([4])])] == [4, 9]
