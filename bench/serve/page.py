"""`python -m bench.serve.page [--results DIR] [--docs DIR]`: write docs/performance.md from bench/results/serve-*.json.

Each table stands between two comments that name it; all other words of the page are left alone. What was not measured
yet says so, with the command that measures it.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.figures import RESULTS, Figure, Measured, read_measured
from bench.scale.__main__ import DOCS, fill_in
from bench.scale.plots import Plot, draw
from bench.scale.tables import figure_table, markdown
from bench.serve.__main__ import BENCH

PLOTS = (
    Plot("users", "users: ", "serve-users.svg", "Summaries a second against users", "log", "linear"),
    Plot("flat", "serve: ", "serve-memory.svg", "Memory of the service over its requests", "linear", "linear"),
)
_LEVEL = re.compile(r"^(?P<level>.+): (?P<what>[^:]+)$")
# Columns of the table of users, and how each is shown.
_COLUMNS = {
    "summaries": "summaries/s",
    "first statement, p50": "first p50, s",
    "first statement, p95": "p95",
    "first statement, p99": "p99",
    "whole summary, p50": "whole p50, s",
    "whole summary, p95": "p95",
    "whole summary, p99": "p99",
    "model tokens": "tokens/s",
    "CPU of a summary": "CPU ms",
    "prompt tokens from the prefix cache": "prefix hits, %",
}
TABLES = ("users", "users-vllm")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page and its plots. Returns 1 where the page has no place for a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.serve.page", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="where serve-*.json are")
    parser.add_argument("--docs", type=Path, default=DOCS, metavar="DIR", help="where performance.md and images/ are")
    options = parser.parse_args(arguments)
    files = {part.name: options.results / f"{BENCH.name}-{part.name}.json" for part in BENCH.parts}
    found = {name: read_measured(path) for name, path in files.items() if path.exists()}
    curves = [curve for measured in found.values() for curve in measured.curves]
    drawn = draw(curves, options.docs / "images", PLOTS)
    blocks = {name: _block(name, found.get(name), drawn) for name in files}
    blocks["bars"] = _bars(figure for measured in found.values() for figure in measured.figures)
    blocks["machine"] = _machine([path for path in files.values() if path.exists()])
    page = options.docs / "performance.md"
    content, absent = fill_in(page.read_text(), blocks)
    if absent:
        print(f"{page} has no place for: {', '.join(absent)}; each needs <!-- NAME --> and <!-- end -->")  # noqa: T201
        return 1
    page.write_text(content)
    print(f"{page} and {len(drawn)} plots written")  # noqa: T201
    return 0


def _block(name: str, measured: Measured | None, drawn: Iterable[Plot]) -> str:
    if measured is None:
        return f"Not measured yet: `python -m bench.serve --only {name}`.\n"
    table = level_table(measured.figures) if name in TABLES else figure_table(measured.figures)
    return table + "".join(f"\n![{plot.title}](images/{plot.file})\n" for plot in drawn if plot.bench == name)


def level_table(figures: Iterable[Figure]) -> str:
    """A line for each level of load, from figures named `<level>: <what>`."""
    levels: dict[str, dict[str, Figure]] = {}
    for figure in figures:
        if found := _LEVEL.match(figure.figure):
            levels.setdefault(found["level"], {})[found["what"]] = figure
    columns = [what for what in _COLUMNS if any(what in level for level in levels.values())]
    rows = [
        [name, *(_number(level[what].value) if what in level else "" for what in columns), level["summaries"].baseline]
        for name, level in levels.items()
    ]
    return markdown(["load", *(_COLUMNS[what] for what in columns), "asked"], rows)


def _bars(figures: Iterable[Figure]) -> str:
    barred = [figure for figure in figures if figure.bar is not None]
    return figure_table(barred) if barred else "Not measured yet: `make bench-serve`.\n"


def _machine(paths: Iterable[Path]) -> str:
    """What it was measured on, and when."""
    contents = [json.loads(path.read_text()) for path in paths]
    machines = sorted({f"{c['machine']['processor']}, {c['machine']['cores']} cores" for c in contents})
    days = sorted(c["taken_at"] for c in contents)
    if not contents:
        return "\n"
    return f"Measured on {'; '.join(machines)}, between {days[0]} and {days[-1]}.\n"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main())
