"""The memory of a process and its children over time, and how fast it grows."""

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, slots=True)
class Sample:
    """Bytes at a moment: resident, and of these what no file holds. `stage` is what the process was at."""

    at_s: float
    resident: int
    anonymous: int
    stage: str
    done: int


def watch(
    process: "subprocess.Popen[str]", where: Callable[[], tuple[str, int]], *, every_s: float = 1.0
) -> list[Sample]:
    """Take a sample now and then until the process ends. `where` tells the stage and how many notes of it are done."""
    samples, began = [], time.monotonic()
    while process.poll() is None:
        resident, anonymous = _of_tree(process.pid)
        if resident:
            samples.append(Sample(time.monotonic() - began, resident, anonymous, *where()))
        try:
            process.wait(timeout=every_s)
        except subprocess.TimeoutExpired:
            continue
    return samples


def growth(samples: Sequence[Sample], stage: str) -> float:
    """Bytes by which anonymous memory grew over the second half of a stage, by linear regression; 0 for a short one."""
    of_stage = [sample for sample in samples if sample.stage == stage]
    half = of_stage[len(of_stage) // 2 :]
    if len(half) < 3:
        return 0.0
    at, size = np.array([s.at_s for s in half]), np.array([s.anonymous for s in half], dtype=np.float64)
    return float(np.polyfit(at - at[0], size, 1)[0] * (at[-1] - at[0]))


def longest_stage(samples: Sequence[Sample]) -> str:
    """The stage with most samples."""
    stages = [sample.stage for sample in samples]
    return max(set(stages), key=stages.count)


def _of_tree(pid: int) -> tuple[int, int]:
    """Resident and anonymous bytes of a process and of all below it."""
    resident = anonymous = 0
    for one in _tree(pid):
        try:
            lines = Path(f"/proc/{one}/status").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        kb = {name: rest.split()[0] for name, _, rest in (line.partition(":") for line in lines) if rest.strip()}
        resident += 1024 * int(kb.get("VmRSS", 0))
        anonymous += 1024 * int(kb.get("RssAnon", 0))
    return resident, anonymous


def _tree(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(below for child in children for below in _tree(child))]
