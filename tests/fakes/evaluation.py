"""Runs of the evaluation, written by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mlops.evaluation.records import Example, Metric, Observation, TaskResult
from mlops.evaluation.run import Origin, Run

Pairs = Sequence[tuple[float, float]]
ORIGIN = Origin("2026-01-02T03:04:05+00:00", "c0ffee0123", False, {"python": "3.11"}, "a machine")

VALIDITY = Metric("citation_validity", "quotes that equal their source", "higher", bar=1.0, hard=True)
PRECISION = Metric("citation_precision", "statements the ledger carries", "higher", bar=0.9, anchor="none")
RECALL = Metric("fact_recall", "facts that a statement tells", "higher", bar=0.9)
ERRORS = Metric("unsupported", "numbers no cited sentence has", "lower", bar=0.1)
WORDS = Metric("words", "words of a summary", "neither", statistic="median")


def task(
    metrics: Mapping[Metric, Mapping[str, Pairs]],
    *,
    name: str = "facts",
    data: Mapping[str, str] | None = None,
    seeds: Mapping[str, int] | None = None,
    examples: Sequence[Example] = (),
) -> TaskResult:
    """A result with one unit a pair of hits and total, called p000, p001 and so on."""
    observations = tuple(
        Observation(metric.name, system, f"p{i:03}", hits, total)
        for metric, by_system in metrics.items()
        for system, pairs in by_system.items()
        for i, (hits, total) in enumerate(pairs)
    )
    return TaskResult(name, tuple(metrics), observations, tuple(examples), data or {"notes": "d1"}, seeds or {"s": 7})


def run(*results: TaskResult, **fields: object) -> Run:
    """A run of these results; `fields` replace those of the run."""
    made = Run(run_id="20260102T030405Z", profile="default", origin=ORIGIN, verifier="rules-1", results=results)
    return replace(made, **fields)
