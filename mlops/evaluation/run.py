"""One run of the evaluation: what its tasks found, and all that the figures depend on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from mlops.evaluation.records import Metric, Observation, TaskResult

Profile: TypeAlias = Literal["quick", "default", "full"]

# What is ours, and gated. Every other system is a baseline: what a user would otherwise build, a simpler measure, or
# ours with a part taken out. Baselines are shown beside ours, and nothing is asked of them.
OURS = frozenset({"extractive", "embedded", "model", "verifier", "verifier_close", "support"})
# Systems that ask a language model: their answers may differ from run to run, and a machine may have none.
MODELS = frozenset({"embedded", "model"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where figures come from. `changed` says that the checkout held changes that no commit has."""

    taken_at: str
    commit: str
    changed: bool
    versions: Mapping[str, str]
    machine: str


@dataclass(frozen=True, slots=True)
class Crash:
    """A task that ended by an error, told without its text beyond one line."""

    task: str
    error: str


@dataclass(frozen=True, slots=True)
class Run:
    """All that one run found.

    `model` names the language model that was asked, "" for none. `without_checks` names the verification checks that
    were switched off. `seconds` maps each task to the time it took. Task results keep the order in which they ran.
    """

    run_id: str
    profile: Profile
    origin: Origin
    verifier: str
    model: str = ""
    without_checks: tuple[str, ...] = ()
    results: tuple[TaskResult, ...] = ()
    crashes: tuple[Crash, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def measured(self) -> tuple[TaskResult, ...]:
        """The results of tasks that ran."""
        return tuple(r for r in self.results if not r.skipped)

    @property
    def skipped(self) -> tuple[TaskResult, ...]:
        """The results of tasks that could not run."""
        return tuple(r for r in self.results if r.skipped)

    def result(self, task: str) -> TaskResult | None:
        """What a task found, None where it did not run."""
        return next((r for r in self.measured if r.task == task), None)


def ours_first(system: str) -> tuple[bool, str]:
    """Sorts our systems before the baselines, each by name."""
    return system not in OURS, system


def systems(result: TaskResult, metric: Metric) -> tuple[str, ...]:
    """The systems with observations of a metric: ours first, then the baselines, each by name."""
    found = {o.system for o in result.observations if o.metric == metric.name}
    return tuple(sorted(found, key=ours_first))


def observed(result: TaskResult, metric: Metric, system: str) -> tuple[Observation, ...]:
    """One system's observations of one metric."""
    return tuple(o for o in result.observations if o.metric == metric.name and o.system == system)


def misses(metric: Metric, value: float) -> bool:
    """Whether a value falls short of the metric's bar; a value that is not a number does."""
    if metric.bar is None or metric.better == "neither":
        return False
    return not (value >= metric.bar if metric.better == "higher" else value <= metric.bar)
