"""Runs tasks one after another; one that breaks off does not stop the others."""

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from mlops.evaluation.records import TaskResult
from mlops.evaluation.run import Crash, Profile

log = logging.getLogger(__name__)

Say: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to do.

    `data` is the folder of public data, None where there is none. `patients` overrides the number of synthetic
    charts of the profile, 0 leaves it. `model_url` is a server to ask as system "model"; with `embedded` the embedded
    model is started and asked as system "embedded". `mimic`, `longhealth` and `archehr` name files a user has.
    """

    profile: Profile
    work: Path
    data: Path | None = None
    patients: int = 0
    model_url: str = ""
    model_name: str = ""
    embedded: bool = False
    without_checks: tuple[str, ...] = ()
    mimic: Path | None = None
    longhealth: Path | None = None
    archehr: Path | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What came of all tasks, in the order in which they ran; `seconds` maps each to the time it took."""

    results: tuple[TaskResult, ...]
    crashes: tuple[Crash, ...]
    seconds: Mapping[str, float]


def run_tasks(tasks: Mapping[str, Callable[[], TaskResult]], say: Say) -> Done:
    """Run every task and say how each went. A task that raises, or whose result is not sound, is a crash."""
    results: list[TaskResult] = []
    crashes: list[Crash] = []
    seconds: dict[str, float] = {}
    for number, (name, task) in enumerate(tasks.items(), 1):
        where = f"[{number}/{len(tasks)}] {name}"
        say(f"{where} …")
        began = time.monotonic()
        try:
            result = task()
            check(name, result)
        except Exception as e:
            # Whatever one task trips over, the others are still worth having; the run as a whole fails.
            log.exception("task broke off", extra={"task": name})
            crashes.append(Crash(name, f"{type(e).__name__}: {e}".splitlines()[0][:300]))
            say(f"{where}: broke off: {crashes[-1].error}")
        else:
            results.append(result)
            say(f"{where}: {_told(result, time.monotonic() - began)}")
        seconds[name] = round(time.monotonic() - began, 1)
    return Done(tuple(results), tuple(crashes), seconds)


def check(name: str, result: TaskResult) -> None:
    """Refuse a result that cannot be told from others or compared later.

    Raises:
        ValueError: the task or a metric is misnamed, a metric is declared twice or not at all, nothing was observed
            and nothing says why, or a number is not finite.
    """
    if result.task != name:
        raise ValueError(f"the task calls itself {result.task!r}")
    names = [metric.name for metric in result.metrics]
    if len(set(names)) < len(names):
        raise ValueError("a metric is declared twice")
    if unknown := {o.metric for o in result.observations} - set(names):
        raise ValueError(f"metrics were observed and not declared: {', '.join(sorted(unknown))}")
    if bool(result.skipped) == bool(result.observations):
        raise ValueError("a task either observes something or says why it was skipped")
    if any(not (math.isfinite(o.hits) and math.isfinite(o.total)) for o in result.observations):
        raise ValueError("an observation is not a finite number")


def _told(result: TaskResult, seconds: float) -> str:
    if result.skipped:
        return f"skipped: {result.skipped}"
    return f"{len(result.observations)} observations in {seconds:.1f} s"
