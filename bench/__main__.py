"""`python -m bench [NAME…]`: run the benches, print one table, write bench/results/*.json.

Each bench is a module `bench.bench_<name>` with a function `run() -> list[Figure]`. They run one after another, each
in a process of its own, so that none inherits another's threads or memory. What takes long has a command of its own:
`python -m bench.store` and `python -m bench.ingest`.
"""

import argparse
import importlib
import subprocess
import sys
from pathlib import Path

from bench.figures import Figure, read, table, write

HERE = Path(__file__).resolve().parent


def names() -> list[str]:
    """Every bench there is."""
    return sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


def run_here(name: str) -> None:
    """Run one bench in this process, write its figures and print them."""
    figures: list[Figure] = importlib.import_module(f"bench.bench_{name}").run()
    write(name, figures)
    print(table(figures))


def run_apart(chosen: list[str]) -> int:
    """Run benches in processes of their own and print all their figures as one table."""
    figures, failed = [], []
    for name in chosen:
        print(f"bench {name} …", file=sys.stderr, flush=True)
        command = [sys.executable, "-m", "bench", name]
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:  # noqa: S603
            failed.append(name)
        else:
            figures += read(name)
    print(table(figures))
    if failed:
        print(f"failed to run: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


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
    return run_apart(chosen or names())


if __name__ == "__main__":
    sys.exit(main())
