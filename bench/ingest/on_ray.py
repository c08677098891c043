"""Two Ray workers of one thread each against one, on this machine, from start of the job to the published index."""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from bench.figures import Measured, Repeats
from bench.parts import Size
from ingest.synthetic.__main__ import write_corpus

PATIENTS = {"full": 40, "try": 2}
REPEATS = {"full": 5, "try": 1}


def measure(scratch: Path, size: Size) -> Measured:
    """One and two workers take turns; nothing is measured where ray is not installed or no engine runs on it."""
    if (missing := _missing()) is not None:
        sys.stderr.write(f"  skipped: {missing}\n")
        return Measured()
    folder = scratch / "ray"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    notes, _ = write_corpus(folder, patients=PATIENTS[size], seed=1, phrasing="a")
    taken: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(REPEATS[size]):
        for workers, seconds in taken.items():
            seconds.append(_seconds(folder, workers))
    shutil.rmtree(folder)
    one, two = (Repeats(tuple(taken[workers])) for workers in (1, 2))
    about = f"{notes:,} notes, 1 worker {notes / one.median:.1f} notes/s; {os.cpu_count()} cores, one thread a worker"
    # By wall: how long two take is the question, and each has its own CPU time.
    return Measured(
        (
            one.over(two).figure("ingest on Ray: two workers against one", "times", 1.6, "at_least", about),
            two.figure(
                "ingest on Ray: two workers",
                "s",
                baseline="the cluster runs already; that each worker loads the model counts",
            ),
        )
    )


def _missing() -> str | None:
    if find_spec("ray") is None:
        return "ray is not installed; it is the extra `ray`"
    command = [sys.executable, "-m", "ingest", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return None if "--engine" in told else "`python -m ingest` has no --engine"


def _seconds(folder: Path, workers: int) -> float:
    index = folder / "run"
    shutil.rmtree(index, ignore_errors=True)
    environment = {
        **os.environ,
        "ANAMNESIS_INDEX__DIR": str(index / "index"),
        "ANAMNESIS_INGEST__QUARANTINE_DIR": str(index / "quarantine"),
        "ANAMNESIS_EMBEDDING__THREADS": "1",
    }
    command = [sys.executable, "-m", "bench.ingest.ray_run", str(workers), str(folder / "notes.csv.gz")]
    told = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout  # noqa: S603
    return float(json.loads(told.splitlines()[-1])["seconds"])
