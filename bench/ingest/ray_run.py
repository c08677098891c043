"""`python -m bench.ingest.ray_run WORKERS NOTES`: the ingest command with so many workers, on a local cluster."""

import json
import logging
import sys
import time

from ingest.__main__ import main


def run(workers: int, notes: str) -> None:
    """Start the cluster, run the command, say how long it took on the last line."""
    import ray

    ray.init(num_cpus=max(2, workers), include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    began = time.perf_counter()
    code = main(["--engine", "ray", "--workers", str(workers), notes])
    seconds = time.perf_counter() - began
    ray.shutdown()
    if code:
        sys.exit(code)
    sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")


if __name__ == "__main__":
    run(int(sys.argv[1]), sys.argv[2])
