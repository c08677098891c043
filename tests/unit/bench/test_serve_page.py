"""The page of performance is made from measured files alone."""

from pathlib import Path

import pytest

from bench.figures import Curve, Figure, Point, write
from bench.serve.__main__ import BENCH
from bench.serve.page import DOCS, level_table, main

FIGURES = [
    Figure("p95, three times / saturation", 1.7, "times", 1.5, "at_most", "900 arrivals"),
    Figure("other", 3, "s"),
]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    (tmp_path / "performance.md").write_text((DOCS / "performance.md").read_text())
    return tmp_path


def fill(docs: Path) -> str:
    assert main(["--results", str(docs / "results"), "--docs", str(docs)]) == 0
    return (docs / "performance.md").read_text()


def test_every_part_has_its_place_whether_it_was_measured_or_not(docs: Path) -> None:
    write("serve-overload", FIGURES, docs / "results")
    page = fill(docs)
    assert page.count("| p95, three times / saturation | 1.7 times | ≤ 1.5 | **missed** | 900 arrivals |") == 2
    assert "`python -m bench.serve --only overload`." not in page
    for part in BENCH.parts:
        if part.name != "overload":
            assert f"Not measured yet: `python -m bench.serve --only {part.name}`." in page


def test_the_page_says_what_it_was_measured_on(docs: Path) -> None:
    write("serve-overload", FIGURES, docs / "results")
    assert " cores, between 20" in fill(docs)


def test_curves_are_drawn_where_they_belong(docs: Path) -> None:
    curve = Curve("serve: memory of the service", "requests", "MB", (Point(0, 1, 1, 1), Point(9, 1, 1, 1)))
    write("serve-flat", FIGURES, docs / "results", curves=[curve])
    assert "images/serve-memory.svg" in fill(docs)
    assert (docs / "images" / "serve-memory.svg").exists()


def test_levels_of_load_stand_below_one_another() -> None:
    figures = [
        Figure("anew, 1 user: summaries", 2.5, "/s", baseline="50 asked"),
        Figure("anew, 1 user: first statement, p50", 0.1234, "s"),
        Figure("anew, 256 users: summaries", 20.0, "/s", baseline="900 asked, 40 overloaded"),
    ]
    assert level_table(figures).splitlines() == [
        "| load | summaries/s | first p50, s | asked |",
        "| --- | --- | --- | --- |",
        "| anew, 1 user | 2.5 | 0.123 | 50 asked |",
        "| anew, 256 users | 20 | | 900 asked, 40 overloaded |",
    ]
