"""Benches that take long, in parts: each in a process of its own, none repeated that is done, all cleared away after.

A part is a function `(scratch, size) -> Measured`. What it found lies below `<scratch>/parts` until all are done.
"""

import argparse
import importlib
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from bench.figures import RESULTS, Figure, Measured, read_measured, table, write

Size: TypeAlias = Literal["full", "try"]
VAR = Path(__file__).resolve().parents[1] / "var"


@dataclass(frozen=True, slots=True)
class Part:
    """A function as `module:name`, and how many minutes it takes at full size on two cores."""

    name: str
    function: str
    minutes: float


@dataclass(frozen=True, slots=True)
class Bench:
    """Parts in the order in which they run; `needs_gb` is what they leave on the disk at most.

    With `a_file_each` every part has a result file of its own, `<name>-<part>.json`, as soon as it is measured.
    `note` stands below the options in the help.
    """

    name: str
    parts: tuple[Part, ...]
    needs_gb: float
    a_file_each: bool = False
    note: str = ""

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Run what is not done yet. Returns 1 where a part failed or a bar was missed, 2 for want of disk."""
        options = self._parser().parse_args(arguments)
        scratch: Path = options.scratch / self.name / options.size
        scratch.mkdir(parents=True, exist_ok=True)
        chosen = [part for part in self.parts if not options.only or part.name in options.only]
        for part in chosen if options.again else ():
            _file(scratch, part).unlink(missing_ok=True)
        todo = [part for part in chosen if not _file(scratch, part).exists()]
        free = shutil.disk_usage(scratch).free / 1e9
        if options.size == "full" and len(todo) == len(self.parts) and free < self.needs_gb:
            _say(f"{scratch} has {free:.0f} GB free and this takes {self.needs_gb:.0f}: name another --scratch")
            return 2
        failed = [part.name for part in todo if not _run(part, scratch, options.size, todo)]
        done = [part for part in self.parts if _file(scratch, part).exists()]
        found = [read_measured(_file(scratch, part)) for part in done]
        figures = [figure for measured in found for figure in measured.figures]
        curves = [curve for measured in found for curve in measured.curves]
        print(table(figures))  # noqa: T201
        folder = RESULTS if options.size == "full" else scratch.parent
        for part in done if self.a_file_each else ():
            shutil.copyfile(_file(scratch, part), folder / f"{self.name}-{part.name}.json")
        if failed or len(done) < len(self.parts):
            left = ", ".join(part.name for part in self.parts if part not in done)
            _say(f"not measured: {left}; the same command goes on there")
            return 1
        if not self.a_file_each:
            write(self.name, figures, folder, curves=curves)
        _say(f"written: {folder / self.name}{'-*' * self.a_file_each}.json")
        if not options.keep:
            shutil.rmtree(scratch)
        return 1 if _missed(figures) else 0

    def _parser(self) -> argparse.ArgumentParser:
        minutes = sum(part.minutes for part in self.parts)
        names = [part.name for part in self.parts]
        parser = argparse.ArgumentParser(
            prog=f"python -m bench.{self.name}",
            description=f"About {minutes:.0f} minutes, {self.needs_gb:.0f} GB of disk. Parts: {', '.join(names)}.",
            epilog=self.note,
        )
        add = parser.add_argument
        add("--scratch", type=Path, default=VAR / "bench", metavar="DIR", help="where the files go; they are removed")
        add("--size", choices=("full", "try"), default="full", help="`try` is quick, and its figures mean nothing")
        add("--only", nargs="+", choices=names, metavar="PART", help="run these parts alone")
        add("--again", action="store_true", help="forget what those parts found before")
        add("--keep", action="store_true", help="leave the files there when all is done")
        return parser


def _run(part: Part, scratch: Path, size: Size, todo: Sequence[Part]) -> bool:
    left = sum(other.minutes for other in todo[todo.index(part) :])
    estimate = f", about {part.minutes:g} min of {left:.0f} left" if size == "full" else ""
    _say(f"{part.name}{estimate} …")
    began = time.monotonic()
    command = [sys.executable, "-m", "bench.parts", part.function, str(scratch), size, str(_file(scratch, part))]
    fine = subprocess.run(command, check=False).returncode == 0  # noqa: S603
    _say(f"{part.name}: {'done' if fine else 'FAILED'} after {(time.monotonic() - began) / 60:.1f} min")
    return fine


def _missed(figures: Sequence[Figure]) -> bool:
    return any(figure.passed is False for figure in figures)


def _file(scratch: Path, part: Part) -> Path:
    return scratch / "parts" / f"{part.name}.json"


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _one(function: str, scratch: str, size: str, out: str) -> None:
    """Run one part in this process and write what it found, whole or not at all."""
    module, _, name = function.partition(":")
    measured: Measured = getattr(importlib.import_module(module), name)(Path(scratch), size)
    target = Path(out)
    unfinished = write(f"{target.stem}.unfinished", measured.figures, target.parent, curves=measured.curves)
    unfinished.replace(target)


if __name__ == "__main__":
    _one(*sys.argv[1:])
