"""`python -m bench [NAME…]`: run the benches, print one table, write bench/results/*.json.

Each bench is a module `bench.bench_<name>` with a function `run() -> list[Figure]`. They run one after another, each
in a process of its own, so that none inherits another's threads or memory.
"""

import argparse
import importlib
import subprocess
import sys
from pathlib import Path

from bench.figures import Figure, table, write

HERE = Path(__file__).resolve().parent


def names() -> list[str]:
    """Every bench there is."""
    return sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


def run_here(name: str) -> None:
    """Run one bench in this process."""
    figures: list[Figure] = importlib.import_module(f"bench.bench_{name}").run()
    path = write(name, figures)
    print(f"{name}: {path.relative_to(HERE.parent)}\n{table(figures)}\n", flush=True)


def main() -> int:
    """Run the benches that are named, all of them without a name. Returns 1 where one failed to run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure and print the project's figures.")
    parser.add_argument("name", nargs="*", metavar="NAME", help=f"some of: {', '.join(names())}")
    chosen = parser.parse_args().name
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        parser.error(f"no such bench: {', '.join(unknown)}; there are {', '.join(names())}")
    if len(chosen) == 1:
        run_here(chosen[0])
        return 0
    failed = [name for name in chosen or names() if subprocess.call([sys.executable, "-m", "bench", name])]  # noqa: S603
    if failed:
        print(f"failed to run: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
