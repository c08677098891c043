import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from core.records import Note
from ingest.deidentify import PatternDetector
from ingest.embedding import Embedder, Vectors
from ingest.engines import Engine, local
from ingest.engines.local import LocalEngine
from ingest.work import Row, Worker
from tests.fakes.embeddings import HashedWords

WORDS = HashedWords()


def rows(count: int, *, read: list[int] | None = None) -> Iterator[Row]:
    for i in range(count):
        if read is not None:
            read.append(i)
        yield Row(Note(f"n{i}", "p", None, "note", None, f"Note {i}."), "s", "s", f"d{i}")


def engine(embed: object = None) -> Engine:
    embedder = Embedder(WORDS.spec, embed or WORDS.embed, WORDS.count_tokens)  # type: ignore[arg-type]
    return LocalEngine(Worker(embedder, PatternDetector(), None, policy="trust", chunk_tokens=64))


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "WINDOW_NOTES", 4)


@pytest.mark.parametrize("count", [0, 1, 4, 5, 41])
def test_every_row_comes_out_once_and_in_order(count: int) -> None:
    assert [worked.note_id for worked in engine().run(rows(count))] == [f"n{i}" for i in range(count)]


def test_rows_are_prepared_while_a_window_is_embedded() -> None:
    may_end, windows = threading.Event(), []

    def embed(texts: list[str]) -> Vectors:
        windows.append(threading.get_ident())
        assert may_end.wait(10)
        return WORDS.embed(texts)

    def watched() -> Iterator[Row]:
        for i, one in enumerate(rows(20)):
            if i == 7:
                # The second window is nearly full while the first one is still being embedded.
                assert windows
                may_end.set()
            yield one

    assert len(list(engine(embed).run(watched()))) == 20
    assert set(windows) != {threading.get_ident()}


def test_no_more_rows_are_read_than_three_windows_hold() -> None:
    read: list[int] = []
    with closing(engine().run(rows(1000, read=read))) as results:
        for taken, _ in enumerate(results, 1):
            assert len(read) <= taken + 3 * 4
            if taken == 100:
                break


@pytest.mark.parametrize("limit", ["WINDOW_CHUNKS", "WINDOW_CHARS"])
def test_windows_are_bounded_by_chunks_and_characters_too(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    sizes = []

    def embed(texts: list[str]) -> Vectors:
        sizes.append(len(texts))
        return WORDS.embed(texts)

    monkeypatch.setattr(local, "WINDOW_NOTES", 100)
    monkeypatch.setattr(local, limit, 2)
    list(engine(embed).run(rows(10)))
    assert max(sizes) <= 2


def test_a_failure_of_the_model_reaches_the_job() -> None:
    def fail(texts: list[str]) -> Vectors:
        raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match="no memory"):
        list(engine(fail).run(rows(10)))


def test_closing_ends_the_work() -> None:
    before = threading.active_count()
    results = engine().run(rows(1000))
    next(results)
    results.close()
    assert threading.active_count() == before
