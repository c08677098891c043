"""Values and intervals of metrics, and differences between two runs, by resampling units.

Percentile bootstrap (Efron and Tibshirani 1993, chapters 8 and 13): whole units are drawn with replacement, so that
observations of one patient stay together; a difference draws the same units for both runs.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlops.evaluation.records import Metric, Observation, Statistic

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

RESAMPLES = 2_000
SEED = 20_261
LEVEL = 0.95
# Weights of one batch of resamples; at eight bytes each they stay below 40 MB.
_BATCH = 5_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric's value with the bounds of its 95% interval, over `units` units whose totals sum to `total`.

    `value` is NaN where nothing can be said: no observations, a total of 0, or one class only for an AUROC.
    """

    value: float
    low: float
    high: float
    units: int
    total: float


@dataclass(frozen=True, slots=True)
class Difference:
    """`value` is new minus old over the shared units, with its 95% interval; the rest counts units of one run only."""

    value: float
    low: float
    high: float
    units: int
    only_old: tuple[str, ...] = ()
    only_new: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sample:
    """Observations as arrays; `unit` numbers the unit of each."""

    hits: Floats
    totals: Floats
    unit: Whole
    units: int


def estimate(
    metric: Metric, observations: Iterable[Observation], *, resamples: int = RESAMPLES, seed: int = SEED
) -> Estimate:
    """The value of `metric` over the observations, which are of this metric and of one system.

    Where a ratio is 0 or 1 in every unit, resampling shows no spread at all. Its far bound is then that of
    Clopper and Pearson (1934) with units as trials, so that 60 successes of 60 read as 94% to 100%.
    """
    chosen = [o for o in observations if o.metric == metric.name]
    names = sorted({o.unit for o in chosen})
    if not names:
        return Estimate(np.nan, np.nan, np.nan, 0, 0.0)
    sample = _sample(chosen, names)
    value = float(_statistic(metric.statistic, sample, np.ones((1, len(names))))[0])
    total = float(sample.totals.sum())
    if metric.statistic == "ratio" and value in (0.0, 1.0) and _constant(sample, value):
        reach = 1 - ((1 - LEVEL) / 2) ** (1 / len(names))
        low, high = (0.0, reach) if value == 0 else (1 - reach, 1.0)
        return Estimate(value, low, high, len(names), total)
    rng = np.random.default_rng(seed)
    values = [_statistic(metric.statistic, sample, w) for w in _draws(rng, len(names), resamples, len(chosen))]
    low, high = _bounds(np.concatenate(values))
    return Estimate(value, low, high, len(names), total)


def difference(
    metric: Metric,
    old: Iterable[Observation],
    new: Iterable[Observation],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Difference:
    """New minus old, paired by unit. Units that one run lacks are named and left out.

    Both are observations of one system. Without a shared unit the value is NaN.
    """
    before = [o for o in old if o.metric == metric.name]
    after = [o for o in new if o.metric == metric.name]
    old_units, new_units = {o.unit for o in before}, {o.unit for o in after}
    names = sorted(old_units & new_units)
    missing = tuple(sorted(old_units - new_units)), tuple(sorted(new_units - old_units))
    if not names:
        return Difference(np.nan, np.nan, np.nan, 0, *missing)
    shared = set(names)
    first = _sample([o for o in before if o.unit in shared], names)
    second = _sample([o for o in after if o.unit in shared], names)

    def change(weights: Floats) -> Floats:
        return _statistic(metric.statistic, second, weights) - _statistic(metric.statistic, first, weights)

    rng = np.random.default_rng(seed)
    rows = max(len(first.hits), len(second.hits))
    low, high = _bounds(np.concatenate([change(w) for w in _draws(rng, len(names), resamples, rows)]))
    return Difference(float(change(np.ones((1, len(names))))[0]), low, high, len(names), *missing)


def _sample(observations: Sequence[Observation], names: Sequence[str]) -> _Sample:
    numbers = {name: i for i, name in enumerate(names)}
    return _Sample(
        np.array([o.hits for o in observations], dtype=np.float64),
        np.array([o.total for o in observations], dtype=np.float64),
        np.array([numbers[o.unit] for o in observations], dtype=np.int64),
        len(names),
    )


def _constant(sample: _Sample, value: float) -> bool:
    return bool(np.all(sample.hits == value * sample.totals)) and bool(np.all(sample.totals >= 0))


def _draws(rng: np.random.Generator, units: int, resamples: int, rows: int) -> Iterator[Floats]:
    """How often each unit was drawn, as arrays of shape (some resamples, units)."""
    batch = max(1, _BATCH // max(units, rows))
    for done in range(0, resamples, batch):
        count = min(batch, resamples - done)
        drawn = rng.integers(0, units, size=(count, units)) + np.arange(count)[:, None] * units
        yield np.bincount(drawn.ravel(), minlength=count * units).reshape(count, units).astype(np.float64)


def _bounds(values: Floats) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if not known.size:
        return np.nan, np.nan
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _statistic(statistic: Statistic, sample: _Sample, weights: Floats) -> Floats:
    """The statistic under each row of `weights`, of shape (resamples, units); NaN where it is not defined."""
    if statistic == "ratio":
        return _ratio(sample, weights)
    return (_auroc if statistic == "auroc" else _median)(sample, weights[:, sample.unit])


def _ratio(sample: _Sample, weights: Floats) -> Floats:
    hits = np.bincount(sample.unit, weights=sample.hits, minlength=sample.units)
    totals = weights @ np.bincount(sample.unit, weights=sample.totals, minlength=sample.units)
    return _divide(weights @ hits, totals)


def _auroc(sample: _Sample, weights: Floats) -> Floats:
    """The chance that a positive scores above a negative, ties counted half (Hanley and McNeil 1982)."""
    order = np.argsort(sample.hits, kind="stable")
    scores, labels, drawn = sample.hits[order], sample.totals[order], weights[:, order]
    starts = np.flatnonzero(np.r_[True, np.diff(scores) != 0])
    positive = np.add.reduceat(drawn * labels, starts, axis=1)
    negative = np.add.reduceat(drawn * (1 - labels), starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    won = (positive * (below + negative / 2)).sum(axis=1)
    return _divide(won, pairs)


def _median(sample: _Sample, weights: Floats) -> Floats:
    known = sample.totals > 0
    values = sample.hits[known] / sample.totals[known]
    if not values.size:
        return np.full(len(weights), np.nan)
    order = np.argsort(values, kind="stable")
    counted = np.cumsum(weights[:, known][:, order], axis=1)
    drawn = counted[:, -1]
    places = [(counted <= k[:, None]).sum(axis=1) for k in ((drawn - 1) // 2, drawn // 2)]
    last = len(values) - 1
    middle = (values[order][np.minimum(places[0], last)] + values[order][np.minimum(places[1], last)]) / 2
    return np.where(drawn > 0, middle, np.nan)


def _divide(over: Floats, under: Floats) -> Floats:
    quotient = np.full(over.shape, np.nan)
    np.divide(over, under, out=quotient, where=under > 0)
    return quotient
