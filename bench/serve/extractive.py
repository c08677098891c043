"""Extractive summaries of 60-note charts over HTTP: how many a core makes in a second, all counted."""

import asyncio
from itertools import cycle
from pathlib import Path

from bench.figures import Measured, Repeats
from bench.parts import Size
from bench.serve.client import read_each
from bench.serve.levels import at_users
from bench.serve.patients import index_for, known, sixty
from bench.serve.processes import Server, service, stand_beside
from bench.serve.requests import Ask
from bench.serve.table import Level

USERS = 4
SECONDS = {"full": 15.0, "try": 2.0}
REPEATS = {"full": 5, "try": 2}


def measure(scratch: Path, size: Size) -> Measured:
    """The service alone on a core and without a model; audited and stored, the cache bypassed."""
    index = index_for(scratch, size)
    patients = sixty(known(index))
    stand_beside()
    with service(scratch, index) as server:
        levels = asyncio.run(_levels(server, patients, size))
    rates = Repeats(tuple(level.load.rate for level in levels))
    cpu = Repeats(tuple(level.cpu_ms for level in levels))
    asked = sum(len(level.load.seen) for level in levels)
    failed = sum(len(level.load.seen) - len(level.load.ok) for level in levels)
    about = f"handoff over HTTP, audited and kept, cache bypassed; {asked} asked by {USERS} users, {failed} failed"
    return Measured(
        (
            rates.figure("extractive summaries, 60-note charts, one core", "/s", 30, "at_least", about),
            cpu.figure("extractive summary, CPU of the service", "CPU ms", baseline=about),
        )
    )


async def _levels(server: Server, patients: list[str], size: Size) -> list[Level]:
    # Charts are open, as they are for the second reader of a patient.
    await read_each(server.url, [Ask(patient_id) for patient_id in patients])
    found: list[Level] = []
    for _ in range(REPEATS[size]):
        asks = cycle([Ask(patient_id) for patient_id in patients])
        found += await at_users(server.url, lambda: asks, users=(USERS,), seconds=SECONDS[size])  # noqa: B023
    return found
