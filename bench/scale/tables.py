"""Figures as tables in Markdown."""

from collections.abc import Iterable, Sequence

from bench.figures import Figure, shown

_SIGNS = {"at_least": "≥", "at_most": "≤", "report": ""}
_VERDICTS = {True: "met", False: "**missed**", None: ""}


def figure_table(figures: Iterable[Figure]) -> str:
    """Every figure with its spread, bar, verdict, and what it was held against."""
    rows = [
        (
            figure.figure,
            f"{shown(figure)} {figure.unit}".strip(),
            f"{_SIGNS[figure.direction]} {figure.bar:g}" if figure.bar is not None else "",
            _VERDICTS[figure.passed],
            figure.baseline,
        )
        for figure in figures
    ]
    return markdown(("figure", "median (least–most)", "bar", "", "against, or how"), rows)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, with its line breaks."""
    return "".join(_line(cells) for cells in (head, ["---"] * len(head), *rows))


def _line(cells: Sequence[str]) -> str:
    return "".join(["|", *(f" {cell} |" if cell else " |" for cell in (c.replace("|", r"\|") for c in cells)), "\n"])
