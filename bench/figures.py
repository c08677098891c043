"""A measured figure, how figures are written down, and how they are timed."""

from __future__ import annotations

import json
import os
import platform
import resource
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
    """One measured value. `bar` is None where it is only reported; `baseline` says what it was compared with.

    `low` and `high` are the least and the largest of its repeats, None where it was measured once.
    """

    figure: str
    value: float
    unit: str
    bar: float | None = None
    direction: Direction = "report"
    baseline: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def passed(self) -> bool | None:
        """Whether the value clears its bar; None where there is no bar."""
        if self.bar is None or self.direction == "report":
            return None
        return self.value >= self.bar if self.direction == "at_least" else self.value <= self.bar


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a curve; `low` and `high` as in a figure."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Points to be plotted, ascending by `x`."""

    name: str
    x_label: str
    y_label: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a bench, or a part of one, found."""

    figures: tuple[Figure, ...] = ()
    curves: tuple[Curve, ...] = ()


@dataclass(frozen=True, slots=True)
class Repeats:
    """One value a repeat."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """Their median."""
        return statistics.median(self.values)

    def times(self, factor: float) -> Repeats:
        """The same in another unit."""
        return Repeats(tuple(factor * value for value in self.values))

    def over(self, other: Repeats) -> Repeats:
        """Repeat by repeat, so that both sides of each quotient ran side by side."""
        return Repeats(tuple(one / two for one, two in zip(self.values, other.values, strict=True)))

    def figure(
        self, name: str, unit: str, bar: float | None = None, direction: Direction = "report", baseline: str = ""
    ) -> Figure:
        """Their median as a figure, with the spread."""
        return Figure(name, self.median, unit, bar, direction, baseline, min(self.values), max(self.values))

    def point(self, x: float) -> Point:
        """Their median as a point of a curve, with the spread."""
        return Point(x, self.median, min(self.values), max(self.values))


def cpu_s() -> float:
    """CPU seconds of this process so far, all threads, and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def interleaved_cpu_s(
    variants: Mapping[str, Callable[[], object]], *, repeats: int = 5, calls: int = 1
) -> dict[str, Repeats]:
    """CPU seconds of one call of each variant, the whole process counted, one value a repeat.

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
    return {name: Repeats(tuple(times)) for name, times in taken.items()}


def median_cpu_s(variants: Mapping[str, Callable[[], object]], *, repeats: int = 5, calls: int = 1) -> dict[str, float]:
    """The medians of `interleaved_cpu_s`."""
    taken = interleaved_cpu_s(variants, repeats=repeats, calls=calls)
    return {name: values.median for name, values in taken.items()}


def machine() -> dict[str, object]:
    """What the figures depend on: processor, cores, the instructions that matter."""
    facts = _cpuinfo()
    return {
        "processor": facts.get("model name") or platform.machine(),
        "cores": os.cpu_count(),
        "cpu_flags": cpu_flags(),
        "load_average": list(os.getloadavg()),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def cpu_flags() -> list[str]:
    """Those of the processor's instructions that matter to the figures."""
    facts = _cpuinfo()
    flags = set((facts.get("flags") or facts.get("Features") or "").split())
    return [flag for flag in _FLAGS if flag in flags]


def _cpuinfo() -> dict[str, str]:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def write(name: str, figures: Iterable[Figure], folder: Path = RESULTS, *, curves: Iterable[Curve] = ()) -> Path:
    """Write `<folder>/<name>.json`: the figures, the machine and the time, and curves where there are any."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    plotted = [asdict(curve) for curve in curves]
    content = {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "figures": [{**asdict(figure), "passed": figure.passed} for figure in figures],
        **({"curves": plotted} if plotted else {}),
    }
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return path


def read(name: str, folder: Path = RESULTS) -> list[Figure]:
    """The figures that `write` wrote."""
    return list(read_measured(folder / f"{name}.json").figures)


def read_measured(path: Path) -> Measured:
    """The figures and curves of one file that `write` wrote."""
    content = json.loads(path.read_text())
    figures = [Figure(**{key: value for key, value in raw.items() if key != "passed"}) for raw in content["figures"]]
    curves = [
        Curve(**{**raw, "points": tuple(Point(**point) for point in raw["points"])})
        for raw in content.get("curves", ())
    ]
    return Measured(tuple(figures), tuple(curves))


def table(figures: Iterable[Figure]) -> str:
    """The figures as aligned lines of text."""
    signs = {"at_least": "≥", "at_most": "≤", "report": ""}
    verdicts = {True: "ok", False: "MISSED", None: ""}
    rows = [("figure", "value", "bar", "", "against")]
    rows += [
        (
            figure.figure,
            f"{shown(figure)} {figure.unit}".rstrip(),
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


def shown(figure: Figure) -> str:
    """The value and, where it was measured more than once, its spread."""
    if figure.low is None or figure.high is None or figure.low == figure.high:
        return _number(figure.value)
    return f"{_number(figure.value)} ({_number(figure.low)}–{_number(figure.high)})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
