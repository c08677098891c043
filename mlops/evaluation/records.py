"""What an evaluation is made of: metrics with exact definitions, one observation a unit, and what came of a task."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Better: TypeAlias = Literal["higher", "lower", "neither"]
Statistic: TypeAlias = Literal["ratio", "auroc", "median"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric and what is asked of it.

    `definition` says exactly what is counted. `statistic` says how observations become one value: `ratio` is the sum
    of hits over the sum of totals, `median` the median of hits/total, `auroc` takes hits as a score and total as a
    label of 0 or 1. `bar` is the value to reach (None where none is set) and `anchor` a published or measured figure to
    read it by. A gate never lets a `hard` metric miss its bar, and never lets any other be lost.
    """

    name: str
    definition: str
    better: Better
    bar: float | None = None
    anchor: str = ""
    hard: bool = False
    statistic: Statistic = "ratio"


@dataclass(frozen=True, slots=True)
class Observation:
    """One unit's share of a metric: a patient's, a statement's or a document's, under one system.

    `unit` is what a paired bootstrap resamples, so it is spelled alike under every system and in every run.
    """

    metric: str
    system: str
    unit: str
    hits: float
    total: float = 1.0


@dataclass(frozen=True, slots=True)
class Example:
    """A case to show in the report, the worse the higher `badness`. Only of synthetic or public text."""

    metric: str
    system: str
    unit: str
    badness: float
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TaskResult:
    """All that one task found. `data` maps each data file to its SHA-256; `seeds` maps names to seeds.

    A task that cannot run (its data are not there) returns no observations and says why in `skipped`.
    """

    task: str
    metrics: tuple[Metric, ...]
    observations: tuple[Observation, ...] = ()
    examples: tuple[Example, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    skipped: str = ""
