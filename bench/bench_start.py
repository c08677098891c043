"""From `make run` to a page that answers, where the environment and the index are there already."""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.charts import build_index
from bench.figures import Figure
from deploy.local.address import answers, free_port

REPEATS = 3
LONGEST_S = 120


def run() -> list[Figure]:
    """Start and end the supervisor a few times over one index; the model, which loads behind the page, is left out."""
    with tempfile.TemporaryDirectory() as folder:
        build_index(Path(folder), patients=4)
        taken = [_seconds_to_page(Path(folder)) for _ in range(REPEATS)]
    against = f"median of {REPEATS}, no model loading beside it"
    return [Figure("second start to a page that answers", statistics.median(taken), "s", 15, "at_most", against)]


def _seconds_to_page(folder: Path) -> float:
    port = free_port()
    environment = {
        **os.environ,
        "ANAMNESIS_INDEX__DIR": str(folder / "index"),
        "ANAMNESIS_STATE__DIR": str(folder / "state"),
        "ANAMNESIS_SERVICE__PORT": str(port),
        "ANAMNESIS_LLM__URL": "http://127.0.0.1:1/v1",
    }
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "deploy.local"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as supervisor:
        try:
            while not answers(f"http://127.0.0.1:{port}/"):
                if time.perf_counter() - began > LONGEST_S or supervisor.poll() is not None:
                    raise RuntimeError("the page did not answer")
                time.sleep(0.02)
            return time.perf_counter() - began
        finally:
            supervisor.send_signal(signal.SIGINT)
            supervisor.wait(30)
