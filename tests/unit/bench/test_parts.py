"""A long bench goes on where it stopped, and clears away only what is done."""

import json
from pathlib import Path

import pytest

from bench.figures import Curve, Figure, Measured, Point
from bench.parts import Bench, Part, Size


def count(scratch: Path, size: Size) -> Measured:
    """A part that tells how often it ran."""
    runs = scratch.parent.parent / "runs"
    runs.write_text((runs.read_text() if runs.exists() else "") + "x")
    return Measured((Figure("runs", len(runs.read_text()), ""),), (Curve("c", "x", "y", (Point(1, 2, 1, 3),)),))


def fail_once(scratch: Path, size: Size) -> Measured:
    """A part that fails the first time."""
    mark = scratch / "tried"
    if mark.exists():
        return Measured((Figure(f"size {size}", 3.0, "ms", 4, "at_most"),))
    mark.touch()
    raise OSError("the first time")


PARTS = (Part("one", "test_parts:count", 1), Part("two", "test_parts:fail_once", 1))


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    # The parts run in processes of their own, which import this file by its bare name.
    monkeypatch.setenv("PYTHONPATH", f"{Path(__file__).parent}:{Path(__file__).parents[3]}")


@pytest.mark.usefixtures("importable")
def test_a_part_that_is_done_is_not_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench("thing", PARTS, needs_gb=0)
    command = ["--scratch", str(tmp_path), "--size", "try"]
    assert bench.main(command) == 1
    assert "not measured: two" in capsys.readouterr().err
    assert (tmp_path / "thing" / "try" / "parts" / "one.json").exists()
    assert bench.main(command) == 0
    assert (tmp_path / "runs").read_text() == "x"
    content = json.loads((tmp_path / "thing" / "thing.json").read_text())
    assert [(f["figure"], f["value"], f["passed"]) for f in content["figures"]] == [
        ("runs", 1, None),
        ("size try", 3.0, True),
    ]
    assert content["curves"][0]["points"] == [{"x": 1, "y": 2, "low": 1, "high": 3}]
    assert not (tmp_path / "thing" / "try").exists()


@pytest.mark.usefixtures("importable")
def test_each_part_can_have_a_file_of_its_own_as_soon_as_it_is_measured(tmp_path: Path) -> None:
    bench = Bench("thing", PARTS, needs_gb=0, a_file_each=True)
    assert bench.main(["--scratch", str(tmp_path), "--size", "try"]) == 1
    assert [path.name for path in (tmp_path / "thing").glob("*.json")] == ["thing-one.json"]


def test_a_full_disk_is_told_before_the_first_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    greedy = Bench("thing", PARTS, needs_gb=1e9)
    assert greedy.main(["--scratch", str(tmp_path)]) == 2
    assert "name another --scratch" in capsys.readouterr().err
    assert not (tmp_path / "thing" / "full" / "parts").exists()
