"""The page of scale is made from measured files alone."""

from pathlib import Path

import pytest

from bench.figures import Curve, Figure, Point, write
from bench.scale.__main__ import DOCS, main
from bench.scale.cost import cost_table

FIGURES = [
    Figure("ingest, CPU of one note", 36.0, "CPU ms"),
    Figure("ingest of 1,000,000 notes, embedder stubbed: chunks", 5.0, "chunks/note"),
    Figure("ingest of 1,000,000 notes, embedder stubbed: disk", 2_000.0, "bytes/chunk"),
    Figure("ingest of 1,000,000 notes, embedder stubbed: most disk meanwhile", 2.5, "times"),
    Figure("ingest of 1,000,000 notes, embedder stubbed: rate", 100.0, "notes/s"),
    Figure("refresh, CPU of full ingest: 1% of the notes", 1.5, "%", 2, "at_most", "a | b", 1.4, 1.7),
    Figure("refresh, CPU of full ingest: nothing, files written again", 0.5, "%", 0.3, "at_most"),
    Figure("store 10M: p50, dense, chart open", 0.04, "CPU ms"),
    Figure("store 10M: p50, dense, chart opened anew", 0.5, "CPU ms"),
]
CURVES = [
    Curve("refresh: CPU", "notes changed, %", "CPU, %", (Point(0, 0.1, 0.1, 0.1), Point(100, 99, 98, 101))),
    Curve("patients: dense", "patients", "CPU ms", (Point(40, 1, 1, 1), Point(400, 1, 1, 1))),
]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    (tmp_path / "scale.md").write_text((DOCS / "scale.md").read_text())
    return tmp_path


def test_the_page_has_a_place_for_all_that_is_measured(docs: Path) -> None:
    results = docs / "results"
    for name in ("store", "ingest", "embedder"):
        write(name, FIGURES, results, curves=CURVES if name == "ingest" else ())
    command = ["--results", str(results), "--docs", str(docs)]
    assert main(command) == 0
    page = (docs / "scale.md").read_text()
    assert r"| refresh, CPU of full ingest: 1% of the notes | 1.5 (1.4–1.7) % | ≤ 2 | met | a \| b |" in page
    assert "| 0.5 % | ≤ 0.3 | **missed** | |" in page
    assert "![A refresh against the notes that changed](images/scale-refresh.svg)" in page
    assert "notes changed, %" in (docs / "images" / "scale-refresh.svg").read_text()
    assert main(command) == 0
    assert (docs / "scale.md").read_text() == page


def test_what_was_not_measured_is_named(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("store", FIGURES, docs / "results")
    assert main(["--results", str(docs / "results"), "--docs", str(docs)]) == 1
    assert "not measured yet: ingest, embedder" in capsys.readouterr().out


def test_costs_follow_from_the_slopes() -> None:
    table = cost_table(FIGURES, 100_000_000)
    assert "| notes | 20.0 million |" in table
    assert "| full ingest | 200 core hours |" in table
    assert "| index | 200 GB |" in table
    assert "| disk to have free | 500 GB |" in table
    assert "3.0 core hours, $0.12" in table
    with pytest.raises(KeyError, match="p50, dense"):
        cost_table(FIGURES[:-2])
