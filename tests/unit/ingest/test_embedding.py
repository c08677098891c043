import numpy as np
import pytest

from core.records import Chunk, Note, ProcessedNote, SectionKind
from ingest import embedding
from ingest.comparison import ChartChange
from ingest.embedding import PreparedChart, Vectors, WindowedEmbedder


def value(text: str) -> float:
    return float(sum(map(ord, text)))


def embed(texts: list[str]) -> Vectors:
    return np.array([[value(text), 1.0] for text in texts], dtype=np.float32)


def processed(note_id: str, *texts: str) -> ProcessedNote:
    chunks, start = [], 0
    for ordinal, text in enumerate(texts):
        chunks.append(Chunk(note_id, ordinal, start, start + len(text), "", SectionKind.OTHER, ordinal, ordinal))
        start += len(text)
    return ProcessedNote(Note(note_id, "p", None, "note", None, "".join(texts)), "s", (), (), tuple(chunks), ())


def chart(*notes: ProcessedNote, known: dict[str, Vectors] | None = None) -> PreparedChart:
    none: frozenset[str] = frozenset()
    return PreparedChart(ChartChange("p", (), (), none, none, none, (), ()), notes, known or {}, {})


def test_every_chunk_gets_the_vector_of_its_text_and_known_ones_keep_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "WINDOW_CHUNKS", 3)
    known = np.full((2, 2), -1, dtype=np.float32)
    charts = [
        chart(processed("a", "one", "two"), processed("k", "x", "y"), processed("b", "one"), known={"k": known}),
        chart(processed("c")),
        *(chart(processed(f"n{i}", f"text {i}", "copied forward")) for i in range(10)),
    ]
    with WindowedEmbedder(embed, 2) as windows:
        ready = [pair for one in charts for pair in windows.add(one)] + list(windows.finish())
    assert [one for one, _ in ready] == charts
    assert ready[0][1][:, 0].tolist() == [value("one"), value("two"), -1, -1, value("one")]
    assert ready[1][1].shape == (0, 2)
    assert ready[5][1][:, 0].tolist() == [value("text 3"), value("copied forward")]


def test_a_paragraph_copied_forward_is_embedded_once() -> None:
    seen: list[str] = []

    def watch(texts: list[str]) -> Vectors:
        seen.extend(texts)
        return embed(texts)

    with WindowedEmbedder(watch, 2) as windows:
        list(windows.add(chart(processed("a", "same", "same"))))
        list(windows.add(chart(processed("b", "same", "new"))))
        list(windows.finish())
    assert sorted(seen) == ["new", "same"]


def test_a_failure_of_the_model_reaches_the_job() -> None:
    def fail(texts: list[str]) -> Vectors:
        raise RuntimeError("no memory")

    with WindowedEmbedder(fail, 2) as windows:
        list(windows.add(chart(processed("a", "one"))))
        with pytest.raises(RuntimeError, match="no memory"):
            list(windows.finish())
