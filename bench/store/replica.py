"""A reader in a process of its own, as its parent sees it."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.index_of_vectors import DrawnCharts, build


@dataclass(frozen=True, slots=True)
class Taken:
    """Milliseconds of one command."""

    wall_ms: float
    cpu_ms: float


class Replica:
    """Tells a `bench.store.reader` what to do."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.pid = process.pid

    def open(self) -> Taken:
        """Open the index."""
        return self._tell("open")

    def ask(self, numbers: Iterable[int]) -> Taken:
        """Open the charts of these patients one by one, each with a hybrid and a dense search."""
        return self._tell(f"ask {' '.join(map(str, numbers))}")

    def _tell(self, line: str) -> Taken:
        assert self._process.stdin is not None  # noqa: S101 -- made with pipes
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return Taken(**self.answer())

    def answer(self) -> dict[str, float]:
        """The next line it says."""
        assert self._process.stdout is not None  # noqa: S101 -- made with pipes
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the reader has ended; its traceback is above")
        found: dict[str, float] = json.loads(line)
        return found


@contextmanager
def replica(index: Path, tiny: Path) -> Iterator[Replica]:
    """A process that has loaded everything but the index."""
    command = [sys.executable, "-m", "bench.store.reader", str(index), str(tiny)]
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            made = Replica(process)
            made.answer()
            yield made
        finally:
            assert process.stdin is not None  # noqa: S101 -- made with pipes
            process.stdin.close()


def tiny_index(scratch: Path) -> Path:
    """An index of two small charts, with which a reader loads its libraries."""
    folder = scratch / "index-tiny"
    if not (folder / "CURRENT").exists():
        for _ in build(folder, DrawnCharts(2, notes=2)):
            pass
    return folder
