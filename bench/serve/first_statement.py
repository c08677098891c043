"""How long after the model's own time a reader has the first statement that the model wrote."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import aiohttp

from bench.figures import Figure, Measured
from bench.parts import Size
from bench.serve.client import Seen, read_each, session_for
from bench.serve.load import closed_loop, percentile
from bench.serve.paced import Logged, Pace
from bench.serve.patients import index_for, known, sixty
from bench.serve.processes import Server, paced_model, service, stand_beside
from bench.serve.requests import Ask

MODEL_S = 2.0
PACE = Pace(seconds=MODEL_S, seqs=4096)
ALONE = {"full": 3, "try": 1}
SECONDS = {"full": 45.0, "try": 8.0}
USERS = {"full": 32, "try": 8}
BAR_MS, BAR_SHARE = 10, 5


@dataclass(frozen=True, slots=True)
class Added:
    """Milliseconds until the model is asked, and from its answer to the first statement that the reader has of it."""

    before: float
    after: float

    @property
    def all(self) -> float:
        """What is not the model's own time."""
        return self.before + self.after


def measure(scratch: Path, size: Size) -> Measured:
    """One user, then 32: each answer of the paced model takes just so long, so that what is above it is ours."""
    index = index_for(scratch, size)
    patients = known(index)
    stand_beside()
    with paced_model(PACE) as model, service(scratch, index, model=model, model_name=PACE.name) as server:
        bench = _Bench(server, model)
        figures = asyncio.run(bench.run([one.patient_id for one in patients], sixty(patients), size))
    return Measured(tuple(figures))


class _Bench:
    def __init__(self, server: Server, model: Server) -> None:
        self._server = server
        self._model = model
        self._bodies: dict[str, set[int]] = {}

    async def run(self, everybody: Sequence[str], sixty_notes: Sequence[str], size: Size) -> list[Figure]:
        await self._alone(everybody)
        alone: list[Added] = []
        first: list[Seen] = []
        for _ in range(ALONE[size]):
            seen, added = await self._alone(sixty_notes)
            first, alone = [*first, *seen], [*alone, *added]
        about = f"{len(alone)} handoffs of 60-note charts one after another; {MODEL_S:g} s for each answer of the model"
        return [*_figures("1 user", alone, first, about), *await self._together(everybody, size)]

    async def _alone(self, patients: Iterable[str]) -> tuple[list[Seen], list[Added]]:
        """One after another; which patient a request is about is learned by the way."""
        seen, added = [], []
        for patient_id in patients:
            await self._log()
            one = (await read_each(self._server.url, [Ask(patient_id)]))[0]
            log = await self._log()
            self._bodies[patient_id] = {asked for _, _, asked in log}
            seen.append(one)
            added += added_to(one, log)
        return seen, added

    async def _together(self, patients: Sequence[str], size: Size) -> list[Figure]:
        users = USERS[size]
        await self._log()
        async with session_for(self._server.url) as session:
            asks = cycle([Ask(patient_id) for patient_id in patients])
            load = await closed_loop(session, asks, users=users, seconds=SECONDS[size], think_s=MODEL_S)
        log = await self._log()
        added: list[Added] = []
        for seen in load.ok:
            bodies = self._bodies[seen.ask.patient_id]
            added += added_to(seen, [entry for entry in log if entry[2] in bodies])
        about = (
            f"{users} users who read for {MODEL_S:g} s in the mean, charts of all sizes, {load.rate:.1f} summaries/s; "
            f"{len(added)} of {len(load.seen)} asked"
        )
        return _figures(f"{users} users", added, load.ok, about)

    async def _log(self) -> list[Logged]:
        async with aiohttp.ClientSession() as session, session.get(f"{self._model.root}/paced/log") as answer:
            return [(received, answered, asked) for received, answered, asked in await answer.json()]


def added_to(seen: Seen, log: Iterable[Logged]) -> list[Added]:
    """What was added to one summary, by the model's log of its requests; nothing where the model wrote no statement."""
    own = [entry for entry in log if seen.intended <= entry[0] <= seen.intended + seen.done]
    if not own:
        return []
    received, answered = min(entry[0] for entry in own), min(entry[1] for entry in own)
    of_model = [moment for moment in seen.statements if seen.intended + moment >= answered]
    if not of_model:
        return []
    return [Added(1000 * (received - seen.intended), 1000 * (seen.intended + of_model[0] - answered))]


def _figures(name: str, added: list[Added], seen: list[Seen], about: str) -> list[Figure]:
    if not added:
        raise RuntimeError(f"{name}: the model wrote no statement; codes: {sorted({one.code for one in seen})}")
    total, title = [one.all for one in added], f"{name}: first statement by the model, minus the model's own time"
    after = [one.after for one in added]
    first = [1000 * one.statements[0] for one in seen if one.statements]
    return [
        _median(title, total, BAR_MS, f"median; {about}"),
        Figure(f"{title}, p95", percentile(total, 0.95), "ms"),
        Figure(f"{title}, share of it", percentile(total, 0.5) / (10 * MODEL_S), "%", BAR_SHARE, "at_most",
               f"{MODEL_S:g} s"),
        _median(f"{name}: of these, until the model is asked", [one.before for one in added], None,
                "admission, audit, retrieval, prompts"),
        _median(f"{name}: of these, from its answer to the reader", after, BAR_MS, "checks, audit, HTTP"),
        Figure(f"{name}: of these, from its answer to the reader, p95", percentile(after, 0.95), "ms"),
        Figure(f"{name}: first verified statement of all, median", percentile(first, 0.5), "ms", baseline=
               "what code takes from the chart is checked and shown before the model is done"),
    ]  # fmt: skip


def _median(name: str, values: list[float], bar: float | None, about: str) -> Figure:
    return Figure(
        name, percentile(values, 0.5), "ms", bar, "at_most" if bar else "report", about, min(values), max(values)
    )
