"""The made-up index holds what it says, and answers can be checked without it."""

from pathlib import Path

import numpy as np

from bench.index_of_vectors import DIMENSION, DrawnCharts, DrawnEmbeddings, build, row_of, unit
from vectorstore.store import Store

CHARTS = DrawnCharts(3, notes=4)


def test_a_patient_is_drawn_from_the_seed_and_the_number_alone() -> None:
    fresh = DrawnCharts(9, notes=4)
    fresh.vectors(7)
    np.testing.assert_array_equal(fresh.vectors(2), CHARTS.vectors(2))
    assert list(fresh.processed(2)) == list(CHARTS.processed(2))
    assert not np.array_equal(CHARTS.vectors(1), CHARTS.vectors(2))


def test_vectors_have_unit_length_and_none_is_repeated() -> None:
    vectors = DrawnCharts(1).vectors(0)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert len(np.unique(vectors, axis=0)) == 500


def test_what_is_published_is_what_was_drawn(tmp_path: Path) -> None:
    assert list(build(tmp_path, CHARTS)) == [1, 2, 3]
    generation = Store(tmp_path, DrawnEmbeddings()).generation
    assert generation.manifest.counts.chunks == 3 * CHARTS.chunks
    chart = generation.chart(CHARTS.patient_id(1))
    np.testing.assert_array_equal(chart.vectors(), CHARTS.vectors(1))
    query = unit(np.ones((1, DIMENSION), dtype=np.float32))[0]
    exact = np.argsort(-(CHARTS.vectors(1) @ query))[:5].tolist()
    assert [row_of(hit.chunk) for hit in chart.nearest(query, k=5)] == exact
