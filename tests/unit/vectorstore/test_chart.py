"""One chart: everything put comes back, in chart order."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import NoteNotFound
from core.records import FactKind
from tests.fakes.indexes import EMBEDDINGS, lined, open_store, open_writer, publish, vectors_of
from vectorstore.digests import note_digest

NOTES = [
    lined("ann", "b", "second\nhas aspirin", "2020-03-01"),
    lined("ann", "c", "third", "2020-03-01T08:00"),
    lined("ann", "a", "undated", None),
    lined("ann", "d", "first", "2019"),
]


def test_notes_come_oldest_first_and_undated_ones_first_of_all(tmp_path: Path) -> None:
    publish(tmp_path, {"ann": NOTES})
    chart = open_store(tmp_path).generation.chart("ann")
    order = ["a", "d", "b", "c"]
    assert [header.note_id for header in chart.headers] == order
    assert list(dict.fromkeys(s.note_id for s in chart.sentences())) == order
    assert list(dict.fromkeys(c.note_id for c in chart.chunks())) == order
    assert [item.note.note_id for item in chart.processed()] == order


def test_vectors_follow_their_chunks_into_chart_order(tmp_path: Path) -> None:
    publish(tmp_path, {"ann": NOTES})
    chart = open_store(tmp_path).generation.chart("ann")
    by_id = {item.note.note_id: vectors_of([item]) for item in NOTES}
    found = chart.chunk_vectors()
    assert found.keys() == by_id.keys()
    assert all(np.array_equal(found[note_id], by_id[note_id]) for note_id in by_id)
    assert np.array_equal(chart.vectors(), np.concatenate([by_id[i] for i in "adbc"]))
    assert not chart.vectors().flags.writeable


def test_sentences_facts_and_sections_of_a_note(tmp_path: Path) -> None:
    publish(tmp_path, {"ann": NOTES})
    chart = open_store(tmp_path).generation.chart("ann")
    assert chart.sentences_of("b") == NOTES[0].sentences
    assert chart.sections_of("b") == NOTES[0].sections
    assert chart.facts(FactKind.DRUG) == NOTES[0].facts == chart.facts()
    assert chart.facts(FactKind.ALLERGY, FactKind.PROBLEM) == ()
    assert chart.header("b").characters == len("second\nhas aspirin")
    for ask in (chart.note, chart.sentences_of, chart.sections_of, chart.header):
        with pytest.raises(NoteNotFound):
            ask("nobody's")


def test_digests_tell_a_changed_note_and_chart(tmp_path: Path) -> None:
    publish(tmp_path, {"ann": NOTES})
    first = open_store(tmp_path).generation.chart("ann")
    assert first.note_digests() == {item.note.note_id: note_digest(item.note, "test") for item in NOTES}
    publish(tmp_path, {"ann": list(reversed(NOTES))})
    assert open_store(tmp_path).generation.chart("ann").digest == first.digest
    changed = [*NOTES[:3], lined("ann", "d", "first!", "2019")]
    publish(tmp_path, {"ann": changed})
    assert open_store(tmp_path).generation.chart("ann").digest != first.digest


def test_digests_do_not_run_fields_together() -> None:
    one = lined("p", "n", "x").note
    assert note_digest(lined("pn", "", "x").note, "s") != note_digest(one, "s")
    assert note_digest(one, "s") != note_digest(one, "t")
    assert note_digest(lined("p", "n", "x", None).note, "s") != note_digest(lined("p", "n", "x", "").note, "s")


awkward = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from("\0\r\n\t\u2028😀é\u0301\ufeff")), min_size=1, max_size=60
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(awkward, min_size=1, max_size=4))
def test_whatever_was_put_comes_back_letter_for_letter(tmp_path: Path, texts: list[str]) -> None:
    notes = [lined("ann", f"n{i}", text, None) for i, text in enumerate(texts)]
    publish(tmp_path, {"ann": notes}, rebuild=True, keep=1)
    chart = open_store(tmp_path).generation.chart("ann")
    assert chart.processed() == tuple(notes)
    for sentence in chart.sentences():
        original = notes[int(sentence.note_id[1:])].note.text
        assert (
            chart.note(sentence.note_id).text[sentence.start : sentence.end]
            == (original[sentence.start : sentence.end])
        )


def test_the_same_search_finds_the_same_again_and_each_choice_of_notes_its_own(tmp_path: Path) -> None:
    publish(tmp_path, {"ann": NOTES})
    chart = open_store(tmp_path).generation.chart("ann")
    everywhere, again = chart.search("has aspirin"), chart.search("has aspirin")
    assert again == everywhere
    assert chart.search("has aspirin", note_ids=["d", "c", "b", "a"]) == everywhere
    assert {hit.chunk.note_id for hit in chart.search("has aspirin", note_ids=["c", "d"])} <= {"c", "d"}
    assert len(chart.search("has aspirin", k=1)) == 1


def test_words_of_a_note_are_those_of_the_note_and_of_no_other_patient(tmp_path: Path) -> None:
    publish(tmp_path, {"ann": NOTES, "bob": [lined("bob", "x", "his", None)]})
    chart = open_store(tmp_path).generation.chart("ann")
    assert [chart.text(header.note_id) for header in chart.headers] == [
        chart.note(header.note_id).text for header in chart.headers
    ]
    with pytest.raises(NoteNotFound):
        chart.text("x")


def test_a_chart_of_fifty_thousand_chunks_is_searched_whole(tmp_path: Path) -> None:
    note = lined("ann", "n1", "\n".join(f"line {n} of a long stay" for n in range(50_000)))
    other = lined("bob", "n2", "a dentist")
    vectors = np.zeros((50_000, EMBEDDINGS.spec.dimension), dtype=np.float32)
    vectors[:, 0] = np.linspace(0, 0.5, 50_000, dtype=np.float32)
    vectors[31_234] = np.eye(EMBEDDINGS.spec.dimension, dtype=np.float32)[1]
    with open_writer(tmp_path, segment_chunks=100) as writer:
        writer.put_patient("ann", [note], vectors)
        writer.put_patient("bob", [other], vectors_of([other]))
        writer.publish()
    chart = open_store(tmp_path).generation.chart("ann")
    for _ in range(2):
        first, *_ = chart.nearest(vectors[31_234], k=3)
        assert (first.chunk, first.score) == (note.chunks[31_234], 1)
    assert chart.search("line 49999")[0].chunk in note.chunks
    assert len(chart.chunks()) == 50_000


def test_a_chart_without_a_chunk_answers_nothing(tmp_path: Path) -> None:
    publish(tmp_path, {"ann": [lined("ann", "n1", "")], "bob": []})
    generation = open_store(tmp_path).generation
    for patient_id in ("ann", "bob"):
        chart = generation.chart(patient_id)
        assert chart.nearest(np.zeros(EMBEDDINGS.spec.dimension, dtype=np.float32), k=3) == []
        assert chart.search("anything") == []
        assert [len(note.vectors) for note in generation.stored_notes(patient_id)] == [0] * len(chart.headers)


def test_the_first_answer_and_the_later_ones_are_the_same(tmp_path: Path) -> None:
    notes = [lined("ann", f"n{n}", "takes aspirin\nno fever\nwalks") for n in range(3)]
    publish(tmp_path, {"ann": notes})
    chart = open_store(tmp_path).generation.chart("ann")
    query = vectors_of(notes)[4]
    answers = [chart.nearest(query, k=5) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert {hit.chunk for hit in answers[0]} <= set(chart.chunks())
