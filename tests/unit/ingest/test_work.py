import pickle
from pathlib import Path

import numpy as np
import pytest

from core.records import Note
from core.settings import EmbeddingSettings
from ingest import work
from ingest.deidentify import IdentifierKind, PatternDetector, Policy
from ingest.embedding import Embedder
from ingest.sources import Reason
from ingest.work import Row, Worker, WorkerRecipe
from tests.fakes.embeddings import HashedWords
from vectorstore.digests import note_digest

WORDS = HashedWords()
EMBEDDER = Embedder(WORDS.spec, WORDS.embed, WORDS.count_tokens)


def row(note_id: str, text: str = "PLAN:\nRest.") -> Row:
    return Row(Note(note_id, "p", None, "note", "2020", text), "s", f"s: row {note_id}", f"digest of {note_id}")


def worker(policy: Policy = "mask", *, facts: bool = True) -> Worker:
    return Worker(EMBEDDER, PatternDetector(), None, policy=policy, chunk_tokens=64, facts=facts)


def test_results_come_in_the_order_of_the_rows_with_a_vector_for_each_chunk() -> None:
    results = worker().work([row("a"), row("b", "PLAN:\nAspirin 81 mg.\n\nALLERGIES:\nNone."), row("c")])
    assert [(r.note_id, r.row_digest, r.where) for r in results] == [
        (n, f"digest of {n}", f"s: row {n}") for n in "abc"
    ]
    for result in results:
        assert result.stored is not None
        np.testing.assert_array_equal(result.stored.vectors, WORDS.embed(list(result.stored.chunk_texts)))


def test_repeated_texts_are_embedded_once() -> None:
    results = worker().work([row("a"), row("b"), row("c")])
    assert sum(result.embedded for result in results) == 1


def test_identifiers_are_masked_and_counted_with_their_own_note() -> None:
    results = worker().work([row("a", "PLAN:\nSeen by Dr. Okonkwo."), row("b")])
    assert [dict(result.identifiers) for result in results] == [{IdentifierKind.NAME: 1}, {}]
    assert results[0].stored is not None
    assert "Okonkwo" not in results[0].stored.text


def test_a_note_the_policy_sets_aside_stops_no_other() -> None:
    results = worker("quarantine").work([row("a", "PLAN:\nSeen by Dr. Okonkwo."), row("b")])
    assert [result.refused for result in results] == [Reason.IDENTIFIERS, None]
    assert results[0].stored is None
    assert results[1].stored is not None


def test_a_note_the_rules_trip_over_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = work.process

    def trip(note: Note, source: str, **options: object) -> object:
        if note.note_id == "a":
            raise RecursionError
        return genuine(note, source, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "process", trip)
    assert [result.refused for result in worker().work([row("a"), row("b")])] == [Reason.UNPROCESSABLE, None]


def test_what_comes_out_like_the_live_note_is_not_cut_up() -> None:
    one = row("a")
    live = Row(one.note, one.source, one.where, one.row_digest, "p", note_digest(one.note, "s"))
    result = worker().work([live])[0]
    assert (result.stored, result.refused, result.embedded) == (None, None, 0)


def test_facts_can_be_left_out() -> None:
    notes = [w.work([row("a", "PLAN:\nAspirin 81 mg daily.")])[0].stored for w in (worker(), worker(facts=False))]
    assert [len(note.facts) > 0 for note in notes if note] == [True, False]


def test_rows_results_and_recipes_travel_to_another_process(tmp_path: Path) -> None:
    recipe = WorkerRecipe(EmbeddingSettings(), "mask", 64, live_index=tmp_path)
    assert pickle.loads(pickle.dumps(recipe)) == recipe
    assert pickle.loads(pickle.dumps(row("a"))) == row("a")
    result = worker().work([row("a", "PLAN:\nSeen by Dr. Okonkwo.")])[0]
    again = pickle.loads(pickle.dumps(result))
    assert result.stored and again.stored
    assert (again.note_id, again.identifiers, again.stored.facts) == ("a", result.identifiers, result.stored.facts)
    np.testing.assert_array_equal(again.stored.vectors, result.stored.vectors)
