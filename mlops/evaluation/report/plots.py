"""Plots as SVG to be put into a page: text in the page's own font and colour, ids of their own."""

import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from mlops.evaluation.figures import Figure
from mlops.evaluation.report.content import Part, Row
from mlops.evaluation.run import OURS

# Stands for the page's own colour of text, which a plot cannot know.
_INK = "#010203"
_OURS = ("#3d83c9", "#cf6a2f", "#3b9a68", "#8a63d2")
_BASELINE = "#8a8f98"
_MARKS = "osD^vP*X<>"
_WIDTH_IN = 7.4
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "svg.hashsalt": "anamnesis",
}


def plots_of(part: Part) -> tuple[tuple[str, str], ...]:
    """Title and SVG of each plot: metrics that are shares, with intervals and bars; the wholes, then parts by whole."""
    shares = [row for row in part.rows if _is_share(row)]
    groups = {"": [row for row in shares if not row.part]}
    for row in shares:
        if row.part:
            groups.setdefault(row.whole, []).append(row)
    drawn = [(whole, rows) for whole, rows in groups.items() if len(rows) > bool(whole)]
    titled = [(f"{part.result.task}: {whole or 'shares'}", rows) for whole, rows in drawn if rows]
    return tuple((title, _plot(part, rows, title)) for title, rows in titled)


def _is_share(row: Row) -> bool:
    figures = [cell for cell in row.cells if cell]
    return row.metric.statistic != "median" and all(
        0 <= bound <= 1 for f in figures for bound in (f.estimate.low, f.estimate.high)
    )


def _plot(part: Part, rows: Sequence[Row], title: str) -> str:
    with mpl.rc_context(_STYLE):
        height = 0.9 + sum(0.16 + 0.13 * sum(cell is not None for cell in row.cells) for row in rows)
        canvas = Canvas(figsize=(_WIDTH_IN, height))
        axes = canvas.add_axes((0.30, 0.5 / height, 0.66, 1 - 0.95 / height))
        colours = _colours(part.systems)
        y, ticks = 0.0, []
        for row in rows:
            figures = [cell for cell in row.cells if cell]
            top = y
            for figure in figures:
                _point(axes, figure, y, colours[figure.system])
                y += 0.13
            ticks.append((top + y - 0.13) / 2)
            if row.metric.bar is not None and row.metric.better != "neither":
                axes.plot([row.metric.bar] * 2, [top - 0.09, y - 0.04], color=_INK, linewidth=1.4)
            y += 0.16
        axes.set_ylim(y - 0.05, -0.15)
        axes.set_xlim(-0.02, 1.02)
        axes.set_yticks(ticks, [row.label for row in rows])
        _dress(axes)
        _legend(canvas, part, rows, colours, height)
        return _svg(canvas, title)


def _colours(systems: Sequence[str]) -> dict[str, tuple[str, str]]:
    """A colour and a mark each, so that neither colour alone nor shape alone must be told apart."""
    ours = [s for s in systems if s in OURS]
    colour = {s: _OURS[i % len(_OURS)] for i, s in enumerate(ours)}
    return {s: (colour.get(s, _BASELINE), _MARKS[i % len(_MARKS)]) for i, s in enumerate(systems)}


def _point(axes: Axes, figure: Figure, y: float, look: tuple[str, str]) -> None:
    found, (colour, mark) = figure.estimate, look
    axes.plot([found.low, found.high], [y, y], color=colour, linewidth=1.6)
    axes.plot([found.value], [y], mark, color=colour, markersize=5)


def _dress(axes: Axes) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_INK)
    axes.tick_params(colors=_INK, length=0)
    axes.grid(axis="x", color=_BASELINE, alpha=0.35, linewidth=0.6)


def _legend(
    canvas: Canvas, part: Part, rows: Sequence[Row], colours: dict[str, tuple[str, str]], height: float
) -> None:
    shown = [s for i, s in enumerate(part.systems) if any(row.cells[i] for row in rows)]
    handles = [
        Line2D([], [], color=colours[s][0], marker=colours[s][1], linewidth=1.6, markersize=5, label=s) for s in shown
    ]
    if any(row.metric.bar is not None for row in rows):
        handles.append(Line2D([], [], color=_INK, marker="|", linestyle="", markersize=9, label="bar"))
    canvas.legend(
        handles=handles, loc="upper left", ncols=min(6, len(handles)), frameon=False, labelcolor=_INK,
        bbox_to_anchor=(0.0, 1.0), handlelength=1.6, columnspacing=1.4,
    )  # fmt: skip


def _svg(canvas: Canvas, title: str) -> str:
    """The canvas as an SVG element that scales with its page; every id bears the title, so that two never meet."""
    out = io.StringIO()
    canvas.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :].replace(_INK, "currentColor")
    prefix = re.sub(r"\W+", "-", title)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', text)
    text = re.sub(r'(url\(#|href="#)', rf"\g<1>{prefix}-", text)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text))
    return text.replace("<svg", f'<svg role="img" aria-label="{title}"', 1)
