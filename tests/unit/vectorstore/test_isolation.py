"""From one patient's views no other patient's text can be reached."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from langchain_core.documents import Document
from pydantic import ValidationError

from core.errors import IngestFailed, NoteNotFound
from tests.fakes.indexes import EMBEDDINGS, lined, open_store, publish
from vectorstore.chart import Chart
from vectorstore.patient_store import PatientVectorStore

SECRET = "xylophone"


@pytest.fixture
def chart(tmp_path: Path) -> Chart:
    """Ann's chart, which lies between two that hold the secret, in one segment, and beside one in another."""
    publish(
        tmp_path,
        {
            name: [
                lined(name, f"{name}-{i}", f"{'no such word' if name == 'ann' else SECRET} line {i}") for i in (1, 2)
            ]
            for name in ("aaa", "ann", "zzz")
        },
    )
    publish(tmp_path, {"mid": [lined("mid", "mid-1", f"{SECRET} again")]})
    return open_store(tmp_path).generation.chart("ann")


def reachable(chart: Chart) -> Iterator[str]:
    """Everything that public methods give when asked for the others' words in every way there is."""
    foreign = ["aaa-1", "zzz-1", "mid-1", "aaa", "zzz#0"]
    vector = np.asarray(EMBEDDINGS.embed_query(SECRET), dtype=np.float32)
    for note_ids in (None, foreign, [*foreign, "ann-1"]):
        yield from (chart.text_of(hit.chunk) for hit in chart.search(SECRET, k=1000, note_ids=note_ids))
        yield from (chart.text_of(hit.chunk) for hit in chart.nearest(vector, k=1000, note_ids=note_ids))
        documents = chart.retriever(k=1000, note_ids=note_ids).invoke(SECRET)
        yield from (str(document) for document in documents)
    yield from (str(item) for item in (*chart.processed(), *chart.headers, *chart.sentences(), *chart.facts()))
    yield str(len(chart.vectors()))
    store = chart.vector_store()
    for wanted in (None, {"note_id": "zzz-1"}, {"patient_id": "zzz"}, lambda document: True):
        for found in (
            store.similarity_search(SECRET, k=1000, filter=wanted),
            store.similarity_search_by_vector(vector.tolist(), k=1000, filter=wanted),
            store.max_marginal_relevance_search(SECRET, k=1000, fetch_k=1000, filter=wanted),
            store.search(SECRET, "similarity", k=1000, filter=wanted, patient_id="zzz"),
            store.as_retriever(search_kwargs={"k": 1000, "filter": wanted}).invoke(SECRET),
        ):
            yield from (str(document) for document in found)
    yield from (str(document) for document in store.get_by_ids([*foreign, *(f"{name}#0" for name in foreign)]))


def test_no_public_method_reaches_another_patient(chart: Chart) -> None:
    found = list(reachable(chart))
    assert any("no such word" in text for text in found)
    assert not any(SECRET in text for text in found)
    assert len(chart.vectors()) == 2
    for note_id in ("aaa-1", "zzz-1", "mid-1"):
        for ask in (chart.note, chart.header, chart.sentences_of, chart.sections_of):
            with pytest.raises(NoteNotFound):
                ask(note_id)


def test_a_retriever_cannot_be_turned_to_another_chart(chart: Chart) -> None:
    retriever = chart.retriever(k=5)
    with pytest.raises(ValidationError):
        retriever.note_ids = frozenset({"zzz-1"})
    for arguments in ({"patient_id": "zzz"}, {"filter": {"patient_id": "zzz"}}, {"note_ids": ["zzz-1"]}):
        assert retriever.invoke(SECRET, **arguments) == retriever.invoke(SECRET)


def test_a_filter_is_never_shown_another_patients_documents(chart: Chart) -> None:
    shown: list[Document] = []
    chart.vector_store().similarity_search("line", filter=lambda document: bool(shown.append(document)) or True)
    assert {document.metadata["note_id"] for document in shown} == {"ann-1", "ann-2"}


def test_writing_through_one_patient_leaves_the_others_alone(chart: Chart, tmp_path: Path) -> None:
    store = chart.vector_store()
    store.delete(["zzz-1", "zzz-1#0", "mid-1"])
    with pytest.raises(IngestFailed, match="two patients"):
        store.add_texts(["mine now"], ids=["zzz-1"])
    store.delete()
    generation = open_store(tmp_path).generation
    assert list(generation.patient_ids()) == ["aaa", "mid", "zzz"]
    assert generation.note("zzz-1").text == f"{SECRET} line 1"


def test_a_view_of_an_unknown_patient_is_empty(chart: Chart, tmp_path: Path) -> None:
    store = PatientVectorStore(tmp_path, "nobody", EMBEDDINGS)
    assert store.similarity_search(SECRET) == []
    assert store.get_by_ids(["zzz-1#0"]) == []
