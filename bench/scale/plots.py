"""Plots of measured curves, as SVG with the text as text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter

from bench.figures import Curve

_COLOURS, _MARKS = ("#3d83c9", "#cf6a2f", "#3b9a68", "#8a63d2"), "osD^"
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "svg.hashsalt": "anamnesis",
}


@dataclass(frozen=True, slots=True)
class Plot:
    """Curves whose names begin alike, in one picture. `bench` names the part of the page it belongs to."""

    bench: str
    prefix: str
    file: str
    title: str
    x_scale: str
    y_scale: str


PLOTS = (
    Plot("store", "patients: ", "scale-patients.svg", "A query against the number of patients", "log", "linear"),
    Plot("store", "notes: ", "scale-notes.svg", "A query against the notes of its patient", "log", "log"),
    Plot("ingest", "refresh: ", "scale-refresh.svg", "A refresh against the notes that changed", "symlog", "symlog"),
    Plot(
        "ingest",
        "memory, embedder stubbed, no facts: ",
        "scale-memory.svg",
        "Memory of a long ingest",
        "linear",
        "linear",
    ),
    Plot(
        "ingest",
        "memory, real embedder: ",
        "scale-memory-real.svg",
        "Memory with the real embedder",
        "linear",
        "linear",
    ),
)


def draw(curves: Sequence[Curve], folder: Path, plots: Sequence[Plot] = PLOTS) -> list[Plot]:
    """Draw every plot that has curves into `folder`; returns those."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for plot in plots:
        chosen = [curve for curve in curves if curve.name.startswith(plot.prefix)]
        if chosen:
            _draw(plot, chosen, folder / plot.file)
            drawn.append(plot)
    return drawn


def _draw(plot: Plot, curves: Sequence[Curve], path: Path) -> None:
    with mpl.rc_context(_STYLE):
        canvas = Canvas(figsize=(6.4, 3.6), layout="constrained", facecolor="white")
        axes = canvas.add_subplot()
        for place, curve in enumerate(curves):
            _line(axes, curve, curve.name.removeprefix(plot.prefix), place)
        labels = list(dict.fromkeys(curve.y_label for curve in curves))
        axes.set(
            xlabel=curves[0].x_label, ylabel=labels[0] if len(labels) == 1 else "% of a full ingest", title=plot.title
        )
        _scale(axes, plot, curves)
        axes.grid(color="#e3e5e8", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        canvas.savefig(path, format="svg", metadata={"Date": None, "Title": plot.title})


def _line(axes: Axes, curve: Curve, label: str, place: int) -> None:
    x, y = [p.x for p in curve.points], [p.y for p in curve.points]
    low, high = [p.low for p in curve.points], [p.high for p in curve.points]
    colour = _COLOURS[place % len(_COLOURS)]
    marker = _MARKS[place % len(_MARKS)] if len(x) <= 20 else None
    axes.plot(x, y, color=colour, marker=marker, markersize=4, linewidth=1.3, label=label)
    axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)


def _scale(axes: Axes, plot: Plot, curves: Iterable[Curve]) -> None:
    points = sorted({point.x for curve in curves for point in curve.points})
    if plot.x_scale == "symlog":
        axes.set_xscale("symlog", linthresh=0.1)
    else:
        axes.set_xscale(plot.x_scale)
    if plot.y_scale == "symlog":
        axes.set_yscale("symlog", linthresh=0.1)
    else:
        axes.set_yscale(plot.y_scale)
    plain = FuncFormatter(lambda value, _: f"{value:,.10g}")
    if plot.x_scale != "linear":
        axes.set_xticks(points)
        axes.xaxis.set_minor_locator(mpl.ticker.NullLocator())
    axes.xaxis.set_major_formatter(plain)
    axes.yaxis.set_major_formatter(plain)
    if plot.y_scale == "linear":
        axes.set_ylim(bottom=0)
