"""A measured figure, how figures are written down, and how they are timed."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

Direction: TypeAlias = Literal["at_least", "at_most", "report"]

RESULTS = Path(__file__).resolve().parent / "results"
_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "bf16", "sve")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `bar` is None where it is only reported; `baseline` says what it was compared with."""

    figure: str
    value: float
    unit: str
    bar: float | None = None
    direction: Direction = "report"
    baseline: str = ""

    @property
    def passed(self) -> bool | None:
        """Whether the value clears its bar; None where there is no bar."""
        if self.bar is None or self.direction == "report":
            return None
        return self.value >= self.bar if self.direction == "at_least" else self.value <= self.bar


def median_cpu_s(variants: Mapping[str, Callable[[], object]], *, repeats: int = 5, calls: int = 1) -> dict[str, float]:
    """Median CPU seconds of one call of each variant, the whole process counted.

    Repeats are interleaved, so that a busy neighbour slows all variants alike; every variant is called once before.
    """
    for work in variants.values():
        work()
    taken: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(repeats):
        for name, work in variants.items():
            start = time.process_time()
            for _ in range(calls):
                work()
            taken[name].append((time.process_time() - start) / calls)
    return {name: statistics.median(times) for name, times in taken.items()}


def machine() -> dict[str, object]:
    """What the figures depend on: processor, cores, the instructions that matter."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = set((facts.get("flags") or facts.get("Features") or "").split())
    return {
        "processor": facts.get("model name") or platform.machine(),
        "cores": os.cpu_count(),
        "cpu_flags": [flag for flag in _FLAGS if flag in flags],
        "load_average": list(os.getloadavg()),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def write(name: str, figures: Iterable[Figure], folder: Path = RESULTS) -> Path:
    """Write `<folder>/<name>.json`: the figures, the machine and the time."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    content = {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "figures": [{**asdict(figure), "passed": figure.passed} for figure in figures],
    }
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return path


def read(name: str, folder: Path = RESULTS) -> list[Figure]:
    """The figures that `write` wrote."""
    content = json.loads((folder / f"{name}.json").read_text())
    return [Figure(**{key: value for key, value in raw.items() if key != "passed"}) for raw in content["figures"]]


def table(figures: Iterable[Figure]) -> str:
    """The figures as aligned lines of text."""
    signs = {"at_least": "≥", "at_most": "≤", "report": ""}
    verdicts = {True: "ok", False: "MISSED", None: ""}
    rows = [("figure", "value", "bar", "", "against")]
    rows += [
        (
            figure.figure,
            f"{figure.value:.4g} {figure.unit}".rstrip(),
            f"{signs[figure.direction]} {figure.bar:g}" if figure.bar is not None else "",
            verdicts[figure.passed],
            figure.baseline,
        )
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
