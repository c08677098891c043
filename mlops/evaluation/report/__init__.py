"""The report of a run: the same content as Markdown and as one HTML file that needs nothing else."""

from collections.abc import Sequence
from pathlib import Path

from mlops.evaluation.figures import Figure
from mlops.evaluation.report.content import content_of
from mlops.evaluation.report.html import html
from mlops.evaluation.report.markdown import markdown
from mlops.evaluation.run import Run

__all__ = ["write_report"]


def write_report(folder: Path, run: Run, figures: Sequence[Figure]) -> None:
    """Write `report.md` and `report.html` of a run. Raises OSError."""
    content = content_of(run, figures)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(markdown(content), encoding="utf-8")
    (folder / "report.html").write_text(html(content), encoding="utf-8")
