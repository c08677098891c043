"""Winning by saying less: a system that drops what it is unsure of looks more precise and serves nobody."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlops.evaluation.bootstrap import Difference, difference, estimate
from mlops.evaluation.records import Metric, Observation

# A fall of what is said below this share of it is no reason to stop.
SHRINK = 0.05
_VOLUMES = frozenset({"words", "statements", "words shown", "statements shown"})


@dataclass(frozen=True, slots=True)
class Change:
    """One metric of one system in two runs; `gain` is the paired difference turned so that more is better."""

    metric: Metric
    old: tuple[Observation, ...]
    new: tuple[Observation, ...]
    gain: Difference


def saying_less(changes: Sequence[Change]) -> Iterator[tuple[str, str]]:
    """The metrics of one system in one task that were won by saying less, each with the reason.

    A metric is *won* when the lower bound of its gain is above 0 and its denominators, over shared units, are not what
    they were: it is counted over what the system says, not over what the data hold. Less is *said* when one of these
    holds with the upper bound of its 95% interval:

    - a recall (a metric named so, more being better) fell at all;
    - a volume (a metric named "words" or "statements", with or without "shown") fell by more than a twentieth;
    - the denominators of the metric that was won fell by more than a twentieth.
    """
    fallen = [why for change in changes if (why := _fallen(change))]
    for change in changes:
        if change.metric.better == "neither" or _is_volume(change.metric) or not change.gain.low > 0:
            continue
        if not _counts_what_is_said(change):
            continue
        reasons = [*fallen, *([shrunk] if (shrunk := _shrunk(_denominators(change), "its denominators")) else [])]
        if reasons:
            yield change.metric.name, f"won {change.gain.value:.4g} by saying less: {'; '.join(reasons)}"


def _is_volume(metric: Metric) -> bool:
    return metric.name.replace("_", " ") in _VOLUMES


def _fallen(change: Change) -> str:
    metric = change.metric
    if _is_volume(metric):
        return _shrunk(change, metric.name)
    if "recall" in metric.name and metric.better == "higher" and change.gain.high < 0:
        return f"{metric.name} fell by {-change.gain.value:.4g}"
    return ""


def _shrunk(change: Change, name: str) -> str:
    """Says that a volume fell by more than a twentieth for sure, "" where it did not."""
    old = estimate(change.metric, change.old, resamples=1).value
    moved = difference(change.metric, change.old, change.new)
    if old > 0 and moved.high < -SHRINK * old:
        return f"{name} fell by {-moved.value / old:.0%}"
    return ""


def _counts_what_is_said(change: Change) -> bool:
    old, new = (_totals(each) for each in (change.old, change.new))
    return any(old[unit] != new[unit] for unit in old.keys() & new.keys())


def _totals(observations: Sequence[Observation]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for item in observations:
        totals[item.unit] = totals.get(item.unit, 0.0) + item.total
    return totals


def _denominators(change: Change) -> Change:
    """The same units with their denominators as a volume."""
    metric = Metric(change.metric.name, "its denominators", "neither")
    old, new = (
        tuple(Observation(metric.name, "", unit, total) for unit, total in _totals(each).items())
        for each in (change.old, change.new)
    )
    return Change(metric, old, new, change.gain)
