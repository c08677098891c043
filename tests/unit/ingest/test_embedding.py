import numpy as np

from ingest.embedding import TextVectors, Vectors


def value(text: str) -> float:
    return float(sum(map(ord, text)))


class Watched:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed(self, texts: list[str]) -> Vectors:
        self.seen += texts
        return np.array([[value(text), 1.0] for text in texts], dtype=np.float32)


def test_every_text_gets_its_vector_and_each_is_embedded_once() -> None:
    model = Watched()
    vectors, embedded = TextVectors(model.embed, 2).of(["b", "a", "b", "c"], {})
    assert vectors[:, 0].tolist() == [value(text) for text in "babc"]
    assert sorted(model.seen) == ["a", "b", "c"]
    assert embedded == 3


def test_known_vectors_are_taken_as_they_are() -> None:
    model = Watched()
    vectors, embedded = TextVectors(model.embed, 2).of(["a", "b"], {"a": np.array([-1, -1], dtype=np.float32)})
    assert vectors.tolist() == [[-1, -1], [value("b"), 1]]
    assert (model.seen, embedded) == (["b"], 1)


def test_the_last_texts_are_remembered_and_no_more_than_that() -> None:
    model = Watched()
    vectors = TextVectors(model.embed, 2, remembered=2)
    for texts in (["a", "b"], ["a", "c"], ["a", "b"]):
        vectors.of(texts, {})
    assert model.seen == ["a", "b", "c", "b"]


def test_no_texts_are_no_vectors_and_no_call() -> None:
    model = Watched()
    vectors, embedded = TextVectors(model.embed, 2).of([], {})
    assert vectors.shape == (0, 2)
    assert (model.seen, embedded) == ([], 0)
