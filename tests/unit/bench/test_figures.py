"""Figures know whether they clear their bars, and survive being written down."""

from pathlib import Path

import pytest

from bench.figures import Figure, Repeats, median_cpu_s, read, table, write


@pytest.mark.parametrize(
    ("value", "bar", "direction", "passed"),
    [
        (3.0, 3, "at_least", True),
        (2.9, 3, "at_least", False),
        (2.0, 2, "at_most", True),
        (2.1, 2, "at_most", False),
        (9.0, None, "report", None),
        (9.0, None, "at_most", None),
    ],
)
def test_a_figure_passes_by_its_bar(value: float, bar: float | None, direction: str, passed: bool | None) -> None:
    assert Figure("f", value, "s", bar, direction).passed is passed


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    figures = [Figure("speed", 2.5, "times", 3, "at_least", "the other"), Figure("time", 1.0, "ms")]
    write("some", figures, tmp_path)
    assert read("some", tmp_path) == figures


def test_a_table_tells_value_bar_and_verdict() -> None:
    lines = table([Figure("speed", 2.5, "times", 3, "at_least", "the other"), Figure("time", 1.0, "ms")]).splitlines()
    assert lines[1].split() == ["speed", "2.5", "times", "≥", "3", "MISSED", "the", "other"]
    assert lines[2].split() == ["time", "1", "ms"]


def test_variants_take_turns() -> None:
    order: list[str] = []
    median_cpu_s({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, repeats=2, calls=2)
    assert order == ["a", "b", *["a", "a", "b", "b"] * 2]


def test_repeats_are_compared_side_by_side() -> None:
    ratio = Repeats((2.0, 9.0, 4.0)).over(Repeats((1.0, 3.0, 4.0)))
    assert ratio.values == (2.0, 3.0, 1.0)
    figure = ratio.times(10).figure("f", "ms", 25, "at_most")
    assert (figure.value, figure.low, figure.high, figure.passed) == (20, 10, 30, True)
    assert "20 (10–30) ms" in table([figure])
