"""`python -m bench.serve.faults [--summaries 1000] [--every 10]`: a service whose model server breaks all the time.

A model server of two processes (tests/faults/model.py) is killed, stopped, cut off, swapped and made to lie while
readers ask for fresh summaries; each fault lasts a few seconds. Every answer is judged from outside: each quote against
the note as GET /notes/{id} shows it, and each summary made again from its stored trace, through the checks.
"""

import argparse
import asyncio
import itertools
import logging
import signal
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.figures import RESULTS, Figure, Measured, table, write
from bench.parts import Size
from tests.faults.index import build_index
from tests.faults.judge import Judge, Tally, verified_again
from tests.faults.world import World, running, until

ROUNDS = 2
"""How often each kind of fault comes while all summaries are asked for, one after another at a steady rate."""
PATIENTS = 6
TEMPLATES = ("handoff", "problem_list", "medications", "discharge")
_RECOVERED_S = 60.0
WITHIN_S = 30.0
"""A little more than the deadline the service runs with: what comes later counts as a hang."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault: how it comes, and for how many seconds it stays until all is mended."""

    name: str
    begin: Callable[[World], None]
    lasts_s: float = 4.0


def _swap(world: World) -> None:
    world.model.kill()
    world.model.start("other-135m" if world.model.name != "other-135m" else "tiny-135m")


KINDS = (
    Kind("worker killed mid-stream", lambda world: world.model.signal_engine(signal.SIGKILL)),
    Kind("API killed", lambda world: world.model.kill_api()),
    Kind("engine hung", lambda world: world.model.signal_engine(signal.SIGSTOP), 6.0),
    Kind("slow first token", lambda world: world.model.misbehave("slow")),
    Kind("truncated JSON, every fifth answer", lambda world: world.model.misbehave("truncated", every=5)),
    Kind("truncated JSON, every answer", lambda world: world.model.misbehave("truncated")),
    Kind("error in a 200, every fifth answer", lambda world: world.model.misbehave("error_in_200", every=5)),
    Kind("error in a 200, every answer", lambda world: world.model.misbehave("error_in_200")),
    Kind("connection refused", lambda world: world.model.kill()),
    Kind("DNS gone", lambda world: world.lose_the_name()),
    Kind("model swapped", _swap),
    Kind("half a statement in whole JSON", lambda world: world.model.misbehave("half_json", every=2)),
    Kind("invented statements", lambda world: world.model.misbehave("invents", every=2)),
)


@dataclass
class Run:
    """What happened: the answers, the faults, and how long the model was not used after each was mended."""

    tally: Tally = field(default_factory=Tally)
    faults: Counter[str] = field(default_factory=Counter)
    recovered_s: list[float] = field(default_factory=list)
    again: Counter[str] = field(default_factory=Counter)
    requests: dict[str, int] = field(default_factory=dict)


def measure(scratch: Path, size: Size) -> Measured:
    """The part of `python -m bench.serve`."""
    run = observe(scratch, summaries=1000 if size == "full" else 40, every_s=10.0 if size == "full" else 3.0)
    return Measured(tuple(figures(run)))


def observe(folder: Path, *, summaries: int, every_s: float) -> Run:
    """Have `summaries` asked for while a fault comes every `every_s` seconds, one kind after another."""
    # Making a summary again whose model was away says so in the log, once a request.
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        place = Path(made)
        index = build_index(place, patients=PATIENTS)
        with running(place, index, ANAMNESIS_LOG__LEVEL="WARNING") as world:
            run = asyncio.run(_observe(world, summaries=summaries, every_s=every_s))
        run.again = asyncio.run(verified_again(world.state_dir, index, run.tally.summary_ids))
    return run


async def _observe(world: World, *, summaries: int, every_s: float) -> Run:
    run = Run()
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=world.url, limits=limits) as client:
        patients = [p["patient_id"] for p in (await client.get("/patients")).json()["patients"]]
        each = ((turn, t, p) for turn in itertools.count() for t in TEMPLATES for p in patients)
        asks = itertools.islice(each, summaries)
        judge = Judge(client, run.tally)

        breaking = asyncio.create_task(_break(world, run, every_s))
        async with asyncio.TaskGroup() as readers:
            for turn, template, patient_id in asks:
                body = {"patient_id": patient_id, "template": template}
                readers.create_task(judge.ask(body, streamed=turn % 2 == 1, within_s=WITHIN_S))
                await asyncio.sleep(ROUNDS * len(KINDS) * every_s / summaries)
        breaking.cancel()
        with suppress(asyncio.CancelledError):
            await breaking
        run.requests = _requests((await client.get("/metrics")).text)
    return run


async def _break(world: World, run: Run, every_s: float) -> None:
    """One kind of fault after another; each is mended before the next one comes."""
    loop = asyncio.get_running_loop()
    for kind in itertools.cycle(KINDS):
        began = loop.time()
        await asyncio.to_thread(kind.begin, world)
        run.faults[kind.name] += 1
        await asyncio.sleep(min(kind.lasts_s, 0.6 * every_s))
        await asyncio.to_thread(world.heal)
        mended = loop.time()
        await asyncio.to_thread(until, lambda: bool(world.readiness()["ready"]), _RECOVERED_S, "the model stayed away")
        run.recovered_s.append(loop.time() - mended)
        await asyncio.sleep(max(0.0, began + every_s - loop.time()))


def figures(run: Run) -> list[Figure]:
    """The tally: what must not be, and what there was."""
    tally, again = run.tally, run.again
    unverified = again.total() - again["identical"]
    wrong = tally.wrong.total() - tally.wrong["hang"]
    kinds = ", ".join(f"{count} {name}" for name, count in run.faults.items())
    told = _told(tally.wrong) or _told(tally.complete + tally.typed)
    return [
        Figure("faults: hangs", tally.wrong["hang"], "", 0, "at_most", f"{tally.answers} summaries asked for"),
        Figure("faults: answers neither complete nor typed", wrong, "", 0, "at_most", told),
        Figure(
            "faults: summaries whose statements did not pass again", unverified, "", 0, "at_most",
            f"{tally.statements} statements, {tally.citations} quotes found in their notes",
        ),
        Figure("faults: injected", run.faults.total(), "", baseline=kinds),
        Figure("faults: model used again after mending, median", _median(run.recovered_s), "s"),
        Figure("faults: longest answer", max(tally.seconds, default=0.0), "s", baseline=_told(run.requests)),
        Figure("faults: answer, median", _median(tally.seconds), "s"),
    ]  # fmt: skip


def _told(counts: Counter[str] | dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()) if count)


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0


def _requests(metrics: str) -> dict[str, int]:
    """Model requests by outcome."""
    head = 'anamnesis_llm_requests_total{outcome="'
    lines = (line.removeprefix(head) for line in metrics.splitlines() if line.startswith(head))
    return {f"requests {name}": int(float(count)) for name, _, count in (line.partition('"} ') for line in lines)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and print the tally. Returns 1 where a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.serve.faults", description=__doc__)
    parser.add_argument("--summaries", type=int, default=1000, help="how many are asked for")
    parser.add_argument("--every", type=float, default=10.0, metavar="S", help="seconds from fault to fault")
    parser.add_argument("--write", action="store_true", help="write bench/results/serve-faults.json")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = figures(observe(Path(folder), summaries=options.summaries, every_s=options.every))
    print(table(found))  # noqa: T201
    if options.write:
        write("serve-faults", found, RESULTS)
    return 1 if any(figure.passed is False for figure in found) else 0


if __name__ == "__main__":
    sys.exit(main())
