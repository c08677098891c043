"""A run as a file: JSON in which every unit is spelled once a task and columns take the place of records."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from core.errors import AnamnesisError
from mlops.evaluation.records import Example, Metric, Observation, TaskResult
from mlops.evaluation.run import Crash, Origin, Run

SCHEMA = 1
_DIGITS = 6


class NotARun(AnamnesisError):
    """A file does not hold a run that this version can read."""

    code = "not_a_run"


def write_run(path: Path, run: Run, *, examples: bool = True) -> None:
    """Write a run, without its examples where only its figures are to be kept. Raises OSError.

    One line holds one metric of one system, so that a committed file can be compared by eye.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"schema": SCHEMA, **{k: v for k, v in asdict(replace(run, results=())).items() if k != "results"}}
    lines = [f" {json.dumps(key)}: {_compact(value)}" for key, value in content.items()]
    tasks = ",\n".join(_task(result, examples=examples) for result in run.results)
    path.write_text("{\n" + ",\n".join(lines) + ',\n "results": [\n' + tasks + "\n ]\n}\n", encoding="utf-8")


def read_run(path: Path) -> Run:
    """The run that `write_run` wrote.

    Raises:
        NotARun: the file is not there, or is not of this version.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise NotARun(f"{path} has schema {content['schema']}, this version reads {SCHEMA}: run it anew")
        return Run(
            run_id=content["run_id"],
            profile=content["profile"],
            origin=Origin(**content["origin"]),
            verifier=content["verifier"],
            model=content["model"],
            without_checks=tuple(content["without_checks"]),
            results=tuple(_result(task) for task in content["results"]),
            crashes=tuple(Crash(**crash) for crash in content["crashes"]),
            seconds=content["seconds"],
        )
    except OSError as e:
        raise NotARun(f"{path} cannot be read ({e.strerror or type(e).__name__})") from e
    except (ValueError, KeyError, TypeError, IndexError) as e:
        raise NotARun(f"{path} is not a run of the evaluation ({type(e).__name__})") from e


def _task(result: TaskResult, *, examples: bool) -> str:
    units = sorted({o.unit for o in result.observations})
    numbers = {unit: i for i, unit in enumerate(units)}
    head = {
        "task": result.task,
        "skipped": result.skipped,
        "notes": result.notes,
        "data": dict(result.data),
        "seeds": dict(result.seeds),
        "units": units,
    }
    lines = [f"  {json.dumps(key)}: {_compact(value)}" for key, value in head.items()]
    metrics = ",\n".join("   " + _compact(asdict(metric)) for metric in result.metrics)
    columns = ",\n".join("   " + _compact(column) for column in _columns(result.observations, numbers))
    shown = ",\n".join("   " + _compact(asdict(example)) for example in result.examples if examples)
    lists = (("metrics", metrics), ("observations", columns), ("examples", shown))
    lines += [f'  "{key}": [\n{text}\n  ]' if text else f'  "{key}": []' for key, text in lists]
    return " {\n" + ",\n".join(lines) + "\n }"


def _columns(observations: Iterable[Observation], numbers: dict[str, int]) -> Iterator[list[Any]]:
    """Metric, system, unit numbers, hits, totals; a column of one value is that value, all units in order are null."""
    grouped: dict[tuple[str, str], list[Observation]] = {}
    for item in observations:
        grouped.setdefault((item.metric, item.system), []).append(item)
    for (metric, system), items in sorted(grouped.items()):
        items.sort(key=lambda o: numbers[o.unit])
        unit = [numbers[o.unit] for o in items]
        every = unit == list(range(len(numbers)))
        hits, totals = ([_number(v) for v in values] for values in ([o.hits for o in items], [o.total for o in items]))
        yield [metric, system, None if every else unit, _one(hits), _one(totals)]


def _one(values: list[float]) -> float | list[float]:
    return values[0] if len(set(values)) == 1 else values


def _number(value: float) -> float:
    """Six digits after the point, and no point where there is nothing after it."""
    rounded = round(float(value), _DIGITS)
    return int(rounded) if rounded.is_integer() else rounded


def _result(task: dict[str, Any]) -> TaskResult:
    units = task["units"]
    observations: list[Observation] = []
    for metric, system, numbers, hits, totals in task["observations"]:
        chosen = units if numbers is None else [units[i] for i in numbers]
        observations += [
            Observation(metric, system, unit, h, t)
            for unit, h, t in zip(chosen, _many(hits, len(chosen)), _many(totals, len(chosen)), strict=True)
        ]
    return TaskResult(
        task=task["task"],
        metrics=tuple(Metric(**metric) for metric in task["metrics"]),
        observations=tuple(observations),
        examples=tuple(Example(**example) for example in task["examples"]),
        data=task["data"],
        seeds=task["seeds"],
        notes=tuple(task["notes"]),
        skipped=task["skipped"],
    )


def _many(column: float | list[float], length: int) -> list[float]:
    return column if isinstance(column, list) else [column] * length


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
