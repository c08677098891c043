"""Figures: a metric's value under one system, with its interval and bar; and `bench/results/eval.json`."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops.evaluation.bootstrap import LEVEL, RESAMPLES, SEED, Estimate, estimate
from mlops.evaluation.records import Metric
from mlops.evaluation.run import OURS, Run, misses, observed, systems


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric of one system in one task."""

    task: str
    metric: Metric
    system: str
    estimate: Estimate

    @property
    def baseline(self) -> bool:
        """Whether the system is one to compare ours with."""
        return self.system not in OURS

    @property
    def passed(self) -> bool | None:
        """Whether the value reaches the bar; None where there is none, and for baselines, of which nothing is asked."""
        if self.metric.bar is None or self.metric.better == "neither" or self.baseline:
            return None
        return not misses(self.metric, self.estimate.value)


def figures_of(run: Run) -> tuple[Figure, ...]:
    """Every figure of a run, in the order of tasks and metrics; our systems before the baselines."""
    return tuple(_figures(run))


def _figures(run: Run) -> Iterator[Figure]:
    for result in run.measured:
        for metric in result.metrics:
            for system in systems(result, metric):
                yield Figure(result.task, metric, system, estimate(metric, observed(result, metric, system)))


def write_results(path: Path, run: Run, figures: Sequence[Figure]) -> None:
    """Write the figures of a run with all they depend on, for people and scripts. Raises OSError."""
    content = {
        "taken_at": run.origin.taken_at,
        "commit": run.origin.commit,
        "commit_changed": run.origin.changed,
        "machine": run.origin.machine,
        "versions": dict(run.origin.versions),
        "profile": run.profile,
        "model": run.model or None,
        "verifier": run.verifier,
        "without_checks": run.without_checks,
        "interval": {"level": LEVEL, "method": "percentile bootstrap over units", "resamples": RESAMPLES, "seed": SEED},
        "crashed": [crash.task for crash in run.crashes],
        "figures": [_row(figure, figures) for figure in figures if not figure.baseline],
        "tasks": [
            {
                "task": r.task,
                "data": dict(r.data),
                "seeds": dict(r.seeds),
                "skipped": r.skipped or None,
                "notes": r.notes,
            }
            for r in run.results
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def _row(figure: Figure, figures: Sequence[Figure]) -> dict[str, object]:
    others = [f for f in figures if f.baseline and (f.task, f.metric.name) == (figure.task, figure.metric.name)]
    found = figure.estimate
    return {
        "figure": f"{figure.task}/{figure.metric.name}",
        "system": figure.system,
        "value": number(found.value),
        "interval": [number(found.low), number(found.high)],
        "n": found.units,
        "total": number(found.total),
        "bar": figure.metric.bar,
        "better": figure.metric.better,
        "hard": figure.metric.hard,
        "passed": figure.passed,
        "anchor": figure.metric.anchor,
        "baseline": {other.system: number(other.estimate.value) for other in others},
    }


def number(value: float) -> float | None:
    """A value as JSON can hold it: six digits after the point, None where there is none."""
    return round(value, 6) if math.isfinite(value) else None
