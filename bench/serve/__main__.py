"""`python -m bench.serve [--scratch DIR]`: the serving path's figures; with `--url URL`, load on a running service."""

import argparse
import os
import sys
from collections.abc import Sequence

from bench.parts import Bench, Part
from bench.serve import against
from bench.serve.processes import MODEL_URL

BENCH = Bench(
    "serve",
    (
        Part("intake", "bench.serve.intake:measure", 3),
        Part("extractive", "bench.serve.extractive:measure", 3),
        Part("kept", "bench.serve.kept:measure", 2.5),
        Part("first-statement", "bench.serve.first_statement:measure", 2.5),
        Part("overload", "bench.serve.overload:measure", 4.5),
        Part("flat", "bench.serve.flat:measure", 5),
        Part("throughput", "bench.serve.throughput:measure", 9),
        Part("users", "bench.serve.users:measure", 3.5),
        Part("users-vllm", "bench.serve.users:measure_real", 5),
        Part("prefix", "bench.serve.prefix:measure", 8),
        Part("faults", "bench.serve.faults:measure", 12),
    ),
    needs_gb=2,
    a_file_each=True,
    note="--model-url URL names a vLLM that runs already. --url URL puts load on a running service: --url URL --help.",
)


def main(arguments: Sequence[str]) -> int:
    """With `--url` one table for a running service; else the parts. `--model-url` names a vLLM that runs already."""
    given = list(arguments)
    if any(argument.partition("=")[0] == "--url" for argument in given):
        return against.main(given)
    parser = argparse.ArgumentParser(prog="python -m bench.serve", add_help=False, allow_abbrev=False)
    parser.add_argument("--model-url", metavar="URL")
    own, rest = parser.parse_known_args(given)
    if own.model_url:
        os.environ[MODEL_URL] = own.model_url
    return BENCH.main(rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
