"""`python -m bench.store [--scratch DIR]`: retrieval, opening and memory at ten million chunks of 20,000 patients."""

import sys

from bench.parts import Bench, Part

BENCH = Bench(
    "store",
    (
        Part("write-1m", "bench.store.indexes:write_small", 0.5),
        Part("write-10m", "bench.store.indexes:write_large", 4),
        Part("retrieval", "bench.store.retrieval:measure", 2),
        Part("opening", "bench.store.opening:measure", 1),
        Part("memory", "bench.store.memory:measure", 1),
        Part("langchain", "bench.store.langchain:measure", 2),
        Part("curves", "bench.store.curves:measure", 4),
    ),
    needs_gb=24,
)

if __name__ == "__main__":
    sys.exit(BENCH.main())
