"""Three times the load that saturates the service: who is let in is served as at saturation, the rest told at once."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure, Measured
from bench.parts import Size
from bench.serve.client import Seen, read, session_for
from bench.serve.load import Load, closed_loop, open_loop, percentile
from bench.serve.paced import Pace
from bench.serve.patients import index_for, known
from bench.serve.processes import paced_model, service, stand_beside
from bench.serve.requests import Ask, mixed

SECONDS = {"full": 40.0, "try": 5.0}
FINDING_S = {"full": 15.0, "try": 5.0}
USERS = 24
TIMES, REFUSED_MS, WORSE = 3.0, 50, 1.5
REFUSALS = ("overloaded",)
# A model slow enough that it, and not the service, is what runs out: about six summaries a second.
SLOW = Pace(per_stream=50, total=1500, seqs=64)


@dataclass(frozen=True, slots=True)
class _Found:
    """The most summaries finished a second, and what two stretches of load saw: at that rate, and at three times it."""

    capacity: float
    saturated: Load
    over: Load


def measure(scratch: Path, size: Size) -> Measured:
    """Where the model runs out, then where the service's own core does."""
    index = index_for(scratch, size)
    patients = [one.patient_id for one in known(index)]
    stand_beside()

    def asks() -> Iterator[Ask]:
        return mixed(patients)

    with paced_model(SLOW) as model, service(scratch, index, model=model, model_name=SLOW.name) as server:
        by_model = asyncio.run(_run(server.url, patients, asks, size))
    with service(scratch, index) as server:
        by_core = asyncio.run(_run(server.url, patients, asks, size))
    return Measured((*_figures("model runs out", by_model), *_figures("core runs out, no model", by_core)))


async def _run(url: str, patients: list[str], asks: Callable[[], Iterator[Ask]], size: Size) -> _Found:
    async with session_for(url) as session:
        await asyncio.gather(*(read(session, Ask(one)) for one in patients))
        closed = (await closed_loop(session, asks(), users=USERS, seconds=FINDING_S[size])).rate
        # Users who wait for answers may leave it idle now and then; too many arrivals do not.
        flooded = (await open_loop(session, asks(), rate=TIMES * max(closed, 0.5), seconds=FINDING_S[size])).rate
        capacity = max(closed, flooded)
        sys.stderr.write(f"  saturated at {capacity:.1f} summaries/s, with {USERS} users at {closed:.1f}\n")
        rate = max(capacity, 0.5)
        saturated = await open_loop(session, asks(), rate=rate, seconds=SECONDS[size], seed=7)
        over = await open_loop(session, asks(), rate=TIMES * rate, seconds=SECONDS[size], seed=8)
    return _Found(capacity, saturated, over)


def _figures(name: str, found: _Found) -> list[Figure]:
    at, over = _p95(found.saturated.ok), _p95(found.over.ok)
    refused = [1000 * one.done for one in found.over.seen if one.code in REFUSALS]
    other = [one.code for one in found.over.seen if one.code and one.code not in REFUSALS]
    about = f"{len(found.over.seen)} arrivals, {len(found.over.ok)} accepted, {len(refused)} refused"
    begins = f"overload, {name}"
    return [
        Figure(f"{begins}: saturation", found.capacity, "summaries/s", baseline="the most that were finished a second"),
        Figure(f"{begins}: accepted, p95 at saturation", at, "s", baseline="Poisson arrivals at that rate"),
        Figure(f"{begins}: accepted, p95 at three times that", over, "s", baseline=about),
        Figure(f"{begins}: p95, three times / saturation", over / at if at else 0.0, "times", WORSE, "at_most", about),
        Figure(
            f"{begins}: refused within, p99", percentile(refused, 0.99), "ms", REFUSED_MS, "at_most",
            "from the intended arrival, the reader's side",
        ),
        Figure(f"{begins}: refused within, median", percentile(refused, 0.5), "ms"),
        Figure(f"{begins}: refused within, longest", max(refused, default=0.0), "ms"),
        Figure(f"{begins}: answered otherwise", len(other), "", 0, "at_most", ", ".join(sorted(set(other)))),
    ]  # fmt: skip


def _p95(seen: list[Seen]) -> float:
    return percentile([one.done for one in seen], 0.95)
