"""The report as one HTML file. Examples are untrusted text: everything goes through autoescape."""

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mlops.evaluation.bootstrap import RESAMPLES, SEED
from mlops.evaluation.report.content import Content, interval, visible
from mlops.evaluation.report.plots import plots_of
from mlops.evaluation.run import OURS
from mlops.evaluation.text_tables import bar, shown

TEMPLATES = Path(__file__).parent / "templates"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(visible=visible, shown=shown, bar=bar, interval=interval)
    made.filters["breakable"] = _breakable
    made.globals["OURS"] = OURS
    return made


def html(content: Content) -> str:
    """The whole report."""
    # Plots are made here of numbers and of names in the code, and matplotlib escapes text: they are markup.
    plots = {
        part.result.task: [(name, Markup(svg)) for name, svg in plots_of(part)]  # noqa: S704
        for part in content.parts
    }
    template = _environment().get_template("report.html.jinja")
    return template.render(content=content, run=content.run, plots=plots, resamples=RESAMPLES, seed=SEED)


def _breakable(name: str) -> Markup:
    """A name that may be broken behind an underline or a point."""
    return Markup("<wbr>").join(re.split(r"(?<=[._/])", name))
