"""Summaries that were made before, read again over HTTP: how long that takes and what it costs."""

import asyncio
from itertools import cycle
from pathlib import Path

from bench.figures import Measured, Repeats
from bench.parts import Size
from bench.serve.client import read_each
from bench.serve.levels import at_users
from bench.serve.load import percentile
from bench.serve.patients import index_for, known, sixty
from bench.serve.processes import Server, service, stand_beside
from bench.serve.requests import Ask
from bench.serve.table import Level

SECONDS = {"full": 10.0, "try": 2.0}
REPEATS = {"full": 5, "try": 2}


def measure(scratch: Path, size: Size) -> Measured:
    """One user who asks as soon as the answer is there, and the service alone on a core; each reading is audited."""
    index = index_for(scratch, size)
    patients = sixty(known(index))
    stand_beside()
    with service(scratch, index) as server:
        levels = asyncio.run(_levels(server, patients, size))
    seen = [one for level in levels for one in level.load.seen]
    hits = sum(one.cache == "hit" for one in seen)
    about = f"handoff over HTTP as JSON, audited; {len(seen)} asked by one user, {hits} were kept"
    half = Repeats(tuple(1000 * percentile(level.whole, 0.5) for level in levels))
    most = Repeats(tuple(1000 * percentile(level.whole, 0.95) for level in levels))
    cpu = Repeats(tuple(level.cpu_ms for level in levels))
    return Measured(
        (
            half.figure("kept summary, p50", "ms", 5, "at_most", about),
            most.figure("kept summary, p95", "ms", baseline=about),
            cpu.figure("kept summary, CPU of the service", "CPU ms", baseline=about),
        )
    )


async def _levels(server: Server, patients: list[str], size: Size) -> list[Level]:
    await read_each(server.url, [Ask(patient_id, fresh=False, whole=True) for patient_id in patients])
    found: list[Level] = []
    for _ in range(REPEATS[size]):
        asks = cycle([Ask(patient_id, fresh=False, whole=True) for patient_id in patients])
        found += await at_users(server.url, lambda: asks, users=(1,), seconds=SECONDS[size])  # noqa: B023
    return found
