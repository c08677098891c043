"""The same notes through the Ray engine and the local one."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.errors import IngestFailed
from core.records import Note
from ingest.deidentify import PatternDetector
from ingest.engines import Engine
from ingest.engines.local import LocalEngine
from ingest.engines.ray_data import RayEngine
from ingest.job import IngestPlan, run_ingest
from ingest.sources import resolve_input
from ingest.synthetic.__main__ import write_corpus
from ingest.work import Row
from tests.fakes.embeddings import HashedWords
from tests.fakes.recipes import DyingRecipe, HashedRecipe, hashed_embedder
from vectorstore.generation import Generation
from vectorstore.store import Store

ray = pytest.importorskip("ray")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(300),
    # Ray and pandas warn of their own inner doings.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """Two workers' worth of cores on this machine, for all tests of the module."""
    ray.init(
        num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR", object_store_memory=200 << 20
    )
    yield
    ray.shutdown()


def ingest(notes: Path, place: Path, engine: Engine | None) -> Generation:
    plan = IngestPlan((resolve_input(notes),), place / "index", place / "quarantine", chunk_tokens=80)
    outcome = run_ingest(plan, embedder=hashed_embedder(), detector=PatternDetector(), engine=engine)
    assert outcome.published
    return Store(place / "index", HashedWords()).generation


def rows(count: int) -> list[Row]:
    return [
        Row(Note(f"n{i}", f"p{i // 9}", None, "note", None, f"Note {i}.\nNo fever."), "s", f"row {i}", f"{i:02x}")
        for i in range(count)
    ]


def test_two_workers_give_the_index_that_one_process_gives(tmp_path: Path) -> None:
    write_corpus(tmp_path, patients=8, seed=5, phrasing="a")
    here = ingest(tmp_path / "notes.csv.gz", tmp_path / "here", None)
    there = ingest(tmp_path / "notes.csv.gz", tmp_path / "there", RayEngine(HashedRecipe(), workers=2))
    patients = list(here.patient_ids())
    assert patients == list(there.patient_ids())
    for patient_id in patients:
        assert here.chart(patient_id).digest == there.chart(patient_id).digest
        assert here.processed(patient_id) == there.processed(patient_id)
        np.testing.assert_array_equal(here.chart(patient_id).vectors(), there.chart(patient_id).vectors())


def test_a_worker_that_dies_is_replaced_and_results_come_whole_in_the_order_of_the_rows(tmp_path: Path) -> None:
    given = rows(700)
    found = list(RayEngine(DyingRecipe(tmp_path, deaths=1), workers=2).run(given))
    assert (tmp_path / "death-0").exists()
    assert [worked.where for worked in found] == [row.where for row in given]
    expected = LocalEngine(HashedRecipe().build()).run(given)
    assert [w.stored.digest for w in found if w.stored] == [w.stored.digest for w in expected if w.stored]


def test_a_run_that_is_given_up_ends_and_leaves_the_cluster_usable() -> None:
    results = RayEngine(HashedRecipe(), workers=1).run(iter(rows(2000)))
    first = next(results)
    results.close()
    assert first.where == "row 0"
    assert len(list(RayEngine(HashedRecipe(), workers=1).run(rows(3)))) == 3


class NoWorker:
    """A recipe whose model cannot be loaded."""

    def build(self) -> None:
        raise RuntimeError("no such model")


def test_a_worker_that_cannot_be_built_ends_the_run_with_a_clear_error() -> None:
    with pytest.raises(IngestFailed, match="what was finished is kept, so run again"):
        list(RayEngine(NoWorker(), workers=1).run(rows(3)))
