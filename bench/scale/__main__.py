"""`python -m bench.scale [--results DIR] [--docs DIR]`: fill docs/scale.md in from bench/results, and draw its plots.

Each table stands between two comments that name it; all other words of the page are left alone.
"""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.figures import RESULTS, read_measured
from bench.scale.cost import cost_table
from bench.scale.plots import draw
from bench.scale.tables import figure_table

DOCS = Path(__file__).resolve().parents[2] / "docs"
BENCHES = ("store", "ingest", "embedder")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page and its plots. Returns 1 where a file is missing, or the page has no place for a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="store, ingest and embedder.json")
    parser.add_argument("--docs", type=Path, default=DOCS, metavar="DIR", help="where scale.md and images/ are")
    options = parser.parse_args(arguments)
    missing = [name for name in BENCHES if not (options.results / f"{name}.json").exists()]
    if missing:
        print(f"not measured yet: {', '.join(missing)}; see `make bench-store` and `make bench-ingest`")
        return 1
    found = {name: read_measured(options.results / f"{name}.json") for name in BENCHES}
    drawn = draw([curve for measured in found.values() for curve in measured.curves], options.docs / "images")
    blocks = {
        name: figure_table(measured.figures)
        + "".join(f"\n![{p.title}](images/{p.file})\n" for p in drawn if p.bench == name)
        for name, measured in found.items()
    }
    blocks["cost"] = cost_table(figure for measured in found.values() for figure in measured.figures)
    page = options.docs / "scale.md"
    content, absent = fill_in(page.read_text(), blocks)
    if absent:
        print(f"{page} has no place for: {', '.join(absent)}; each needs <!-- NAME --> and <!-- end -->")
        return 1
    page.write_text(content)
    print(f"{page} and {len(drawn)} plots written")
    return 0


def fill_in(page: str, blocks: Mapping[str, str]) -> tuple[str, list[str]]:
    """The page with each block between its comments, and the names of the blocks that have no place there."""
    absent = []
    for name, block in blocks.items():
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        page, count = place.subn(lambda found, block=block: f"{found[1]}{block}{found[2]}", page)  # type: ignore[misc]
        if not count:
            absent.append(name)
    return page, absent


if __name__ == "__main__":
    sys.exit(main())
