"""Values, intervals and paired differences, against what is known by hand or by another library."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mlops.evaluation.bootstrap import difference, estimate
from mlops.evaluation.records import Metric, Observation

RECALL = Metric("recall", "found of all", "higher")
AUROC = Metric("auroc", "ranks", "higher", statistic="auroc")
MEDIAN = Metric("median", "middle", "lower", statistic="median")


def seen(metric: Metric, *pairs: tuple[float, float], units: list[str] | None = None) -> list[Observation]:
    names = units or [f"u{i:04}" for i in range(len(pairs))]
    return [Observation(metric.name, "s", u, h, t) for u, (h, t) in zip(names, pairs, strict=True)]


def test_a_ratio_is_the_sum_of_hits_over_the_sum_of_totals() -> None:
    found = estimate(RECALL, seen(RECALL, (1, 1), (1, 3), (0, 4)))
    assert found.value == 2 / 8
    assert (found.units, found.total) == (3, 8)
    assert found.low <= found.value <= found.high


def test_an_auroc_counts_ties_half_and_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 200)
    scores = np.round(rng.normal(labels, 1.0), 1)
    found = estimate(AUROC, seen(AUROC, *zip(scores, labels, strict=True)))
    assert found.value == pytest.approx(roc_auc_score(labels, scores))
    assert found.low < found.value < found.high


def test_an_auroc_of_one_class_is_not_a_number() -> None:
    assert np.isnan(estimate(AUROC, seen(AUROC, (0.1, 1), (0.9, 1))).value)


@pytest.mark.parametrize(("values", "middle"), [([5, 1, 3], 3), ([4, 1, 3, 2], 2.5), ([7], 7)])
def test_a_median_is_the_middle_of_hits_over_totals(values: list[float], middle: float) -> None:
    found = estimate(MEDIAN, seen(MEDIAN, *((2 * v, 2) for v in values)))
    assert found.value == middle


def test_resampled_medians_are_medians_of_drawn_values() -> None:
    values = [1.0, 2.0, 4.0, 8.0, 16.0]
    found = estimate(MEDIAN, seen(MEDIAN, *((v, 1) for v in values)))
    assert found.low in values
    assert found.high in values


def test_units_without_a_total_count_for_nothing() -> None:
    assert np.isnan(estimate(RECALL, seen(RECALL, (0, 0), (0, 0))).value)
    assert estimate(RECALL, seen(RECALL, (0, 0), (1, 2))).value == 0.5


def test_no_observation_gives_no_value() -> None:
    found = estimate(RECALL, [])
    assert np.isnan(found.value)
    assert found.units == 0


def test_an_interval_covers_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(200):
        sample = seen(RECALL, *((float(h), 10.0) for h in rng.binomial(10, 0.8, size=40)))
        found = estimate(RECALL, sample, resamples=400)
        covered += found.low <= 0.8 <= found.high
    assert 0.88 <= covered / 200 <= 0.99


def test_observations_of_one_unit_are_drawn_together() -> None:
    apart = seen(RECALL, *[(1, 1), (0, 1)] * 20)
    together = seen(RECALL, *[(1, 1), (0, 1)] * 20, units=[f"u{i // 2}" for i in range(40)])
    assert estimate(RECALL, apart).high > estimate(RECALL, together).high == 0.5


def test_a_clean_sheet_is_not_claimed_to_be_certain() -> None:
    found = estimate(RECALL, seen(RECALL, *[(1, 1)] * 60))
    assert (found.value, found.high) == (1, 1)
    assert found.low == pytest.approx(0.940, abs=0.001)
    none = estimate(RECALL, seen(RECALL, *[(0, 5)] * 60))
    assert (none.value, none.low) == (0, 0)
    assert none.high == pytest.approx(0.060, abs=0.001)


def test_the_same_observations_give_the_same_interval() -> None:
    sample = seen(RECALL, *[(1, 2), (2, 2), (0, 2)] * 9)
    assert estimate(RECALL, sample) == estimate(RECALL, list(reversed(sample)))


def test_a_paired_difference_is_sharper_than_its_parts() -> None:
    rng = np.random.default_rng(5)
    hits = rng.integers(0, 9, 60)
    old, new = seen(RECALL, *((h, 10) for h in hits)), seen(RECALL, *((h + 1, 10) for h in hits))
    change = difference(RECALL, old, new)
    assert change.value == pytest.approx(0.1)
    assert change.high - change.low < 1e-9
    assert estimate(RECALL, old).high > estimate(RECALL, new).low


def test_a_difference_names_the_units_that_one_run_lacks() -> None:
    old, new = seen(RECALL, (1, 1), (0, 1), units=["a", "b"]), seen(RECALL, (1, 1), (1, 1), units=["b", "c"])
    change = difference(RECALL, old, new)
    assert (change.value, change.units, change.only_old, change.only_new) == (1.0, 1, ("a",), ("c",))


def test_runs_without_a_shared_unit_cannot_be_compared() -> None:
    change = difference(RECALL, seen(RECALL, (1, 1), units=["a"]), seen(RECALL, (1, 1), units=["b"]))
    assert np.isnan(change.value)
    assert change.units == 0


def test_many_units_are_resampled_in_batches() -> None:
    sample = seen(AUROC, *((i % 7, i % 2) for i in range(6000)))
    found = estimate(AUROC, sample, resamples=1000)
    assert found.low < 0.5 < found.high
