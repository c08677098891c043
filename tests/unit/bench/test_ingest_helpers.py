"""What the ingest benches feed the job, and what they replace in it."""

import csv
from pathlib import Path

import numpy as np
import pytest

from bench.ingest.hashed import HashedEmbeddings
from bench.ingest.job import ingest
from bench.ingest.replicas import write_replicas
from bench.ingest.rows import Corpus
from vectorstore.generation import Generation
from vectorstore.store import Store


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus.drawn(2)


def test_a_share_of_the_notes_gets_wholly_other_words(corpus: Corpus) -> None:
    before = [list(row) for row in corpus.rows]
    touched = corpus.rewrite(0.1)
    changed = [(one, two) for one, two in zip(before, corpus.rows, strict=True) if one != two]
    assert len(changed) == round(0.1 * len(before))
    assert all(one[:-1] == two[:-1] for one, two in changed)
    assert touched == len({two[1] for _, two in changed})
    corpus.rewrite(1e-9)
    assert len({row[-1] for row in corpus.rows}) == len(corpus.rows)


def test_replicas_are_as_many_as_asked_and_no_two_alike(tmp_path: Path) -> None:
    patients = write_replicas(tmp_path / "notes.csv", 300, charts=2)
    with (tmp_path / "notes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len({row["note_id"] for row in rows}) == len({row["text"] for row in rows}) == 300
    assert len({row["subject_id"] for row in rows}) == patients > 2


def test_the_stub_gives_each_text_one_vector_of_unit_length() -> None:
    embeddings = HashedEmbeddings(16)
    vectors = embeddings.embed(["one", "two", "one"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(vectors[0], vectors[2])
    assert not np.array_equal(vectors[0], vectors[1])
    assert embeddings.embed([]).shape == (0, 16)


def test_facts_are_left_out_where_asked(tmp_path: Path, corpus: Corpus) -> None:
    corpus.write(tmp_path / "notes.csv.gz")
    embedder = HashedEmbeddings(16).embedder()

    def found(name: str, *, facts: bool) -> int:
        taken = ingest(tmp_path / "notes.csv.gz", tmp_path / name, embedder, facts=facts)
        assert taken.outcome.added == len(corpus.rows)
        assert taken.written > 0 < taken.cpu_s
        generation = _live(tmp_path / name / "index")
        return sum(len(generation.chart(patient_id).facts()) for patient_id in generation.patient_ids())

    assert found("without", facts=False) == 0
    assert found("with", facts=True) > 100


def _live(folder: Path) -> Generation:
    return Store(folder, HashedEmbeddings(16)).generation  # type: ignore[arg-type]
