"""`python -m bench.ingest [--scratch DIR]`: what the job adds to the embedder, what a refresh costs, memory, Ray."""

import sys

from bench.parts import Bench, Part

BENCH = Bench(
    "ingest",
    (
        Part("rate", "bench.ingest.rate:measure", 6),
        Part("refresh", "bench.ingest.refresh:measure", 14),
        Part("ray", "bench.ingest.on_ray:measure", 12),
        Part("real-sample", "bench.long_ingest:measure_real", 4),
        Part("long", "bench.long_ingest:measure_long", 40),
    ),
    needs_gb=40,
)

if __name__ == "__main__":
    sys.exit(BENCH.main())
