"""Chunks that are ranked by other words than their own."""

import numpy as np

from vectorstore.ranking import MOST_EMBEDDED, Ranking, embedded_again

QUERY = np.array([1.0, 0.0], dtype=np.float32)
VECTORS = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]], dtype=np.float32)


def embed(texts: list[str]) -> list[list[float]]:
    return [[float(len(text)), 0.0] for text in texts]


def test_what_both_rankings_put_first_comes_first() -> None:
    ranking = Ranking(VECTORS, ["chest pain", "fever", "pain"])
    assert [row for row, _ in ranking.best("chest pain", QUERY, 3, None)] == [0, 2, 1]


def test_a_row_without_text_is_not_ranked_and_no_word_of_it_counts() -> None:
    ranking = Ranking(VECTORS, [None, "fever", "pain"])
    alone = Ranking(VECTORS[1:], ["fever", "pain"])
    found = ranking.best("chest pain", QUERY, 3, None)
    assert [(row - 1, score) for row, score in found] == alone.best("chest pain", QUERY, 3, None)


def test_only_rows_asked_for_are_ranked() -> None:
    ranking = Ranking(VECTORS, [None, "fever", "pain"])
    assert [row for row, _ in ranking.best("pain", QUERY, 3, np.array([0, 1]))] == [1]


def test_changed_texts_have_vectors_of_their_own_and_the_block_stays_as_it_is() -> None:
    changed = embedded_again(VECTORS, {1: "abc"}, embed)
    assert changed.tolist()[1] == [3.0, 0.0]
    assert changed[0].tolist() == VECTORS[0].tolist()
    assert VECTORS[1].tolist() == [0.0, 1.0]


def test_no_more_vectors_are_made_than_a_query_may_wait_for() -> None:
    many = np.zeros((MOST_EMBEDDED + 5, 2), dtype=np.float32)
    asked: list[str] = []

    def counted(texts: list[str]) -> list[list[float]]:
        asked.extend(texts)
        return embed(texts)

    changed = embedded_again(many, dict.fromkeys(range(len(many)), "x"), counted)
    assert len(asked) == MOST_EMBEDDED
    assert changed[:, 0].sum() == MOST_EMBEDDED
