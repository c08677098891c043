"""Memory over time is measured from outside, and its growth told from noise."""

import subprocess
import sys

import pytest

from bench.memory_curve import Sample, growth, longest_stage, watch

MB = 1 << 20


def samples(stage: str, sizes: list[int]) -> list[Sample]:
    return [Sample(float(second), size, size, stage, second) for second, size in enumerate(sizes)]


def test_only_the_second_half_of_a_stage_counts() -> None:
    found = [*samples("reading", [0, 900]), *samples("writing", [0, 50, 100, 100, 101, 102, 103])]
    assert longest_stage(found) == "writing"
    assert growth(found, "writing") == pytest.approx(3)
    assert growth(found, "reading") == 0


def test_a_steady_size_with_noise_does_not_grow() -> None:
    assert abs(growth(samples("w", [100, 90, 110, 101, 99, 100, 101, 99, 101, 100]), "w")) < 2


def test_memory_of_children_is_counted() -> None:
    big = f"x = bytearray({64 * MB}); import time; time.sleep(2)"
    command = [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {big!r}])"]
    with subprocess.Popen(command, text=True) as process:
        found = watch(process, lambda: ("there", 7), every_s=0.1)
    assert max(sample.anonymous for sample in found) > 64 * MB
    assert {(sample.stage, sample.done) for sample in found} == {("there", 7)}
