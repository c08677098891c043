"""How long after the model's own time a reader has the first statement that the model wrote."""

import asyncio
from pathlib import Path

import aiohttp

from bench.figures import Figure, Measured, Repeats
from bench.parts import Size
from bench.serve.client import Seen, read_each, session_for
from bench.serve.load import closed_loop, percentile
from bench.serve.paced import Pace
from bench.serve.patients import index_for, known, sixty
from bench.serve.processes import Server, paced_model, service, stand_beside
from bench.serve.requests import Ask, mixed

MODEL_S = 2.0
PACE = Pace(seconds=MODEL_S, seqs=4096)
ALONE = {"full": 20, "try": 3}
SECONDS = {"full": 45.0, "try": 8.0}
USERS = {"full": 32, "try": 8}
BAR_MS, BAR_SHARE = 10, 5


def measure(scratch: Path, size: Size) -> Measured:
    """One user, then 32: each answer of the paced model takes just so long, so that what is above it is ours."""
    index = index_for(scratch, size)
    patients = sixty(known(index))
    stand_beside()
    with paced_model(PACE) as model, service(scratch, index, model=model, model_name=PACE.name) as server:
        asyncio.run(read_each(server.url, [Ask(one) for one in patients]))
        figures = asyncio.run(_alone(server, model, patients, ALONE[size]))
        figures += asyncio.run(_together(server, patients, size))
    return Measured(tuple(figures))


async def _alone(server: Server, model: Server, patients: list[str], count: int) -> list[Figure]:
    seen, before, after = [], [], []
    asks = mixed(patients, templates=("handoff",))
    async with aiohttp.ClientSession() as session:
        for _ in range(count):
            await _log(session, model)
            one = (await read_each(server.url, [next(asks)]))[0]
            spans = await _log(session, model)
            seen.append(one)
            if spans and _by_model(one):
                before.append(1000 * (min(received for received, _, _ in spans) - one.intended))
                answered = min(answered for _, answered, _ in spans)
                after.append(1000 * (one.intended + _by_model(one)[0] - answered))
    about = f"{count} summaries of 60-note charts one after another; the model takes {MODEL_S:g} s for each answer"
    return [
        *_added("1 user", seen, about),
        Repeats(tuple(before)).figure("1 user: until the model is asked", "ms", baseline="audit, retrieval, prompts"),
        Repeats(tuple(after)).figure("1 user: from its answer to the reader", "ms", baseline="checks, audit, HTTP"),
    ]


async def _together(server: Server, patients: list[str], size: Size) -> list[Figure]:
    users = USERS[size]
    async with session_for(server.url) as session:
        asks = mixed(patients, templates=("handoff",))
        load = await closed_loop(session, asks, users=users, seconds=SECONDS[size], think_s=MODEL_S)
    about = f"{users} users who read for {MODEL_S:g} s in the mean, {load.rate:.1f} summaries/s, {len(load.ok)} in all"
    return _added(f"{users} users", load.ok, about)


def _added(name: str, seen: list[Seen], about: str) -> list[Figure]:
    added = [1000 * (moments[0] - MODEL_S) for one in seen if (moments := _by_model(one))]
    first = [1000 * one.statements[0] for one in seen if one.statements]
    if not added:
        raise RuntimeError(f"{name}: the model wrote no statement; codes: {sorted({one.code for one in seen})}")
    median, title = percentile(added, 0.5), f"{name}: first statement by the model, minus the model's own time"
    return [
        Figure(title, median, "ms", BAR_MS, "at_most", f"median; {about}", min(added), max(added)),
        Figure(f"{title}, p95", percentile(added, 0.95), "ms"),
        Figure(f"{title}, share of it", median / (10 * MODEL_S), "%", BAR_SHARE, "at_most", f"{MODEL_S:g} s"),
        Figure(f"{name}: first verified statement of all, median", percentile(first, 0.5), "ms", baseline=
               "what code takes from the chart is checked and shown before the model is done"),
    ]  # fmt: skip


def _by_model(seen: Seen) -> list[float]:
    """When statements came that the model may have written: nothing of it is there before its time."""
    return [moment for moment in seen.statements if moment >= MODEL_S]


async def _log(session: aiohttp.ClientSession, model: Server) -> list[list[float]]:
    async with session.get(f"{model.root}/paced/log") as answer:
        found: list[list[float]] = await answer.json()
        return found
