"""What a report shows, in reading order, before it has a form."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlops.evaluation.figures import Figure
from mlops.evaluation.records import Example, Metric, TaskResult
from mlops.evaluation.run import Run, ours_first
from mlops.evaluation.text_tables import shown

WORST = 10
_EXAMPLE_CHARS = 1_500
_INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class Row:
    """One metric of a task: a cell a system, None where the system was not measured by it.

    `whole` names the metric that it is a part of, itself where it is a whole.
    """

    metric: Metric
    whole: str
    cells: tuple[Figure | None, ...]

    @property
    def part(self) -> bool:
        """Whether it is a part of another metric."""
        return self.whole != self.metric.name

    @property
    def label(self) -> str:
        """Its name as it stands below its whole."""
        return self.metric.name[len(self.whole) + 1 :] or self.metric.name

    @property
    def missed(self) -> bool:
        """Whether one of our systems misses the bar."""
        return any(cell and cell.passed is False for cell in self.cells)

    @property
    def reached(self) -> bool:
        """Whether there is a bar and every one of our systems reaches it."""
        return not self.missed and any(cell and cell.passed for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Cases:
    """The worst examples of a metric, the worst first."""

    metric: str
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One task: its systems, ours first, a row a metric, and what to look at."""

    result: TaskResult
    seconds: float
    systems: tuple[str, ...]
    rows: tuple[Row, ...]
    cases: tuple[Cases, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All cells that hold a figure."""
        return tuple(cell for row in self.rows for cell in row.cells if cell)


@dataclass(frozen=True, slots=True)
class Asked:
    """A figure of ours that has a bar, and the best baseline beside it, None where none was measured."""

    figure: Figure
    rival: Figure | None


@dataclass(frozen=True, slots=True)
class Content:
    """The whole report."""

    run: Run
    parts: tuple[Part, ...]

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Every figure of our systems that has a bar, those that miss it first."""
        found = [Asked(f, _rival(row)) for part in self.parts for row in part.rows for f in _judged(row)]
        return tuple(sorted(found, key=lambda asked: bool(asked.figure.passed)))

    @property
    def missed(self) -> tuple[Figure, ...]:
        """Figures of our systems that miss their bar."""
        return tuple(asked.figure for asked in self.asked if not asked.figure.passed)

    @property
    def reached(self) -> tuple[Figure, ...]:
        """Figures of our systems that reach their bar."""
        return tuple(asked.figure for asked in self.asked if asked.figure.passed)


def _judged(row: Row) -> list[Figure]:
    return [cell for cell in row.cells if cell and cell.passed is not None]


def _rival(row: Row) -> Figure | None:
    baselines = [cell for cell in row.cells if cell and cell.baseline]
    best = max if row.metric.better == "higher" else min
    return best(baselines, key=lambda f: f.estimate.value, default=None)


def content_of(run: Run, figures: Sequence[Figure]) -> Content:
    """Put a run and its figures in reading order."""
    parts = (_part(run, result, [f for f in figures if f.task == result.task]) for result in run.measured)
    return Content(run, tuple(parts))


def _part(run: Run, result: TaskResult, figures: Sequence[Figure]) -> Part:
    systems = tuple(sorted({f.system for f in figures}, key=ours_first))
    by_place = {(f.metric.name, f.system): f for f in figures}
    wholes = {m.name: whole_of(m.name, [other.name for other in result.metrics]) for m in result.metrics}
    ordered = _ordered(result.metrics, wholes)
    rows = tuple(Row(m, wholes[m.name], tuple(by_place.get((m.name, s)) for s in systems)) for m in ordered)
    measured = tuple(row for row in rows if any(row.cells))
    return Part(result, run.seconds.get(result.task, 0.0), systems, measured, _cases(result))


def whole_of(name: str, names: Sequence[str]) -> str:
    """The metric that another is a part of by its name: "recall" of "recall.drug" and "recall_drug"; else itself."""
    wholes = [other for other in names if name.startswith((f"{other}.", f"{other}_"))]
    return min(wholes, key=len, default=name)


def _ordered(metrics: Sequence[Metric], wholes: Mapping[str, str]) -> list[Metric]:
    """Parts of a metric stand behind the whole; else the order is the task's own."""
    places = {metric.name: i for i, metric in enumerate(metrics)}
    first = {whole: min(places[n] for n in places if wholes[n] == whole) for whole in set(wholes.values())}
    return sorted(metrics, key=lambda m: (first[wholes[m.name]], m.name != wholes[m.name], places[m.name]))


def _cases(result: TaskResult) -> tuple[Cases, ...]:
    found = []
    for name in dict.fromkeys(m.name for m in result.metrics):
        chosen = [e for e in result.examples if e.metric == name]
        examples = sorted(chosen, key=lambda e: (-e.badness, e.system, e.unit))
        if examples:
            found.append(Cases(name, tuple(examples[:WORST])))
    return tuple(found)


def interval(figure: Figure) -> str:
    """The interval as text."""
    return f"{shown(figure.estimate.low, 3)} … {shown(figure.estimate.high, 3)}"


def visible(text: str) -> str:
    """Text with every character that cannot be seen spelled by its number, and cut where it is very long."""
    cut = text if len(text) <= _EXAMPLE_CHARS else text[:_EXAMPLE_CHARS] + " …"
    return "".join(map(_visible, cut.replace("\t", " ")))


def _visible(character: str) -> str:
    hidden = character != "\n" and unicodedata.category(character) in _INVISIBLE
    return f"⟨U+{ord(character):04X}⟩" if hidden else character
