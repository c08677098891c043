"""LangChain's own tests of a vector store, and what they leave out."""

from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_tests.integration_tests import VectorStoreIntegrationTests

from tests.fakes.indexes import EMBEDDINGS, lined, open_store, publish
from vectorstore.patient_store import PatientVectorStore


class TestLangChainStandard(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, tmp_path: Path) -> PatientVectorStore:
        return PatientVectorStore(tmp_path, "ward 1/😀", self.get_embeddings())


def test_added_texts_are_notes_of_the_patient(tmp_path: Path) -> None:
    publish(tmp_path, {"ann": [lined("ann", "n1", "takes aspirin\nno fever")]})
    store = open_store(tmp_path).generation.chart("ann").vector_store()
    store.add_texts(["a letter"], [{"note_type": "letter", "charted_at": "2024-02-03"}], ids=["l1"])
    chart = open_store(tmp_path).generation.chart("ann")
    assert [(h.note_id, h.note_type, h.charted_at) for h in chart.headers] == [
        ("n1", "progress", "2020-01-01"),
        ("l1", "letter", "2024-02-03"),
    ]
    assert chart.note("l1").text == "a letter"
    assert len(chart.facts()) == 1


def test_documents_of_ingested_notes_are_found_by_note_and_ordinal(tmp_path: Path) -> None:
    publish(tmp_path, {"ann": [lined("ann", "n1", "takes aspirin\nno fever")]})
    store = open_store(tmp_path).generation.chart("ann").vector_store()
    (document,) = store.similarity_search("no fever", k=1)
    assert (document.id, document.page_content) == ("n1#1", "no fever")
    assert store.get_by_ids(["n1#1", "n1#9"]) == [
        document.model_copy(update={"metadata": {**document.metadata, "score": 0.0}})
    ]


def test_deleting_a_document_of_an_ingested_note_deletes_the_note(tmp_path: Path) -> None:
    publish(tmp_path, {"ann": [lined("ann", "n1", "one\ntwo"), lined("ann", "n2", "three")]})
    open_store(tmp_path).generation.chart("ann").vector_store().delete(["n1#0"])
    assert [h.note_id for h in open_store(tmp_path).generation.chart("ann").headers] == ["n2"]


def test_a_filter_applies_before_ranking(tmp_path: Path) -> None:
    store = PatientVectorStore(tmp_path, "ann", EMBEDDINGS)
    store.add_documents([Document("fever", metadata={"n": i}, id=str(i)) for i in range(20)])
    store.add_documents([Document("something else", metadata={"n": 99}, id="x")])
    assert [d.id for d in store.similarity_search("fever", k=1, filter={"n": 99})] == ["x"]
    assert [d.id for d in store.similarity_search("fever", k=2, filter=lambda d: d.metadata["n"] > 17)] == ["18", "19"]


def test_marginal_relevance_prefers_what_differs(tmp_path: Path) -> None:
    store = PatientVectorStore(tmp_path, "ann", EMBEDDINGS)
    store.add_texts(["fever today", "fever today", "fever and cough"], ids=["1", "2", "3"])
    assert [d.id for d in store.max_marginal_relevance_search("fever today", k=2, lambda_mult=0.1)] == ["1", "3"]


def test_scores_are_relevances_between_nought_and_one(tmp_path: Path) -> None:
    store = PatientVectorStore.from_texts(["fever"], EMBEDDINGS, root=tmp_path, patient_id="ann", ids=["1"])
    ((document, score),) = store.similarity_search_with_relevance_scores("fever")
    assert document.id == "1" and score == pytest.approx(1.0, abs=1e-6)


def test_lists_of_unequal_length_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1 texts came with 2 metadatas"):
        PatientVectorStore(tmp_path, "ann", EMBEDDINGS).add_texts(["a"], [{}, {}])


def test_two_views_of_one_patient_lose_nothing_of_each_other(tmp_path: Path) -> None:
    one, two = (PatientVectorStore(tmp_path, "ann", EMBEDDINGS) for _ in range(2))
    one.add_texts(["from one"], ids=["1"])
    two.add_texts(["from two"], ids=["2"])
    assert [d.page_content for d in two.get_by_ids(["1", "2"])] == ["from one", "from two"]
