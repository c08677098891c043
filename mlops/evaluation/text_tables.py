"""Figures and judgements as aligned lines of text, for a terminal."""

import math
from collections.abc import Iterable, Sequence

from mlops.evaluation.figures import Figure
from mlops.evaluation.gate import Judgement, Line, gain
from mlops.evaluation.records import Metric

VERDICTS = {True: "ok", False: "MISSED", None: ""}


def shown(value: float, digits: int = 4) -> str:
    """A value in four digits, "–" where there is none; what is only nearly one is not rounded to it."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:.{digits}g}"
    return f"{value:.7g}" if text == "1" and value != 1 else text


def bar(metric: Metric) -> str:
    """What is asked of a metric, "" where nothing is."""
    if metric.bar is None or metric.better == "neither":
        return ""
    return f"{'≥' if metric.better == 'higher' else '≤'} {metric.bar:g}{' hard' if metric.hard else ''}"


def figures_table(figures: Iterable[Figure]) -> str:
    """Every figure with its interval, bar and verdict."""
    rows = [("task", "metric", "system", "value", "95% interval", "n", "bar", "")]
    rows += [
        (
            figure.task,
            figure.metric.name,
            figure.system,
            shown(figure.estimate.value),
            f"{shown(figure.estimate.low, 3)} … {shown(figure.estimate.high, 3)}",
            str(figure.estimate.units),
            bar(figure.metric) if not figure.baseline else "",
            VERDICTS[figure.passed],
        )
        for figure in figures
    ]
    return aligned(rows)


def judgement_table(judgement: Judgement) -> str:
    """Every comparison, then why the gate stays shut, if it does."""
    shut = {(f.task, f.metric, f.system): f.rule for f in judgement.findings}
    rows: list[Sequence[str]] = [("task", "metric", "system", "accepted", "now", "change", "95% interval", "")]
    rows += [_row(line, shut.get((line.task, line.metric.name, line.system), "")) for line in judgement.lines]
    reasons = [
        f"  {f.rule:8} {' '.join(part for part in (f.task, f.metric, f.system) if part) or 'run'}: {f.why}"
        for f in judgement.findings
    ]
    if not reasons:
        return f"{aligned(rows)}\n\ngate: open, nothing that was accepted is lost"
    return f"{aligned(rows)}\n\ngate: SHUT, {len(reasons)} reasons\n" + "\n".join(reasons)


def _row(line: Line, rule: str) -> tuple[str, ...]:
    where = (line.task, line.metric.name, line.system, shown(line.old), shown(line.new))
    if line.change is None:
        return (*where, "", "", rule or "")
    better = gain(line.metric, line.change)
    direction = "better" if better.low > 0 else "worse" if better.high < 0 else ""
    interval = f"{line.change.low:+.4g} … {line.change.high:+.4g}"
    verdict = rule.upper() if rule else direction if line.metric.better != "neither" else ""
    return (*where, f"{line.change.value:+.4g}", interval, verdict)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
