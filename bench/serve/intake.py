"""Model tokens that one core takes in: by the service's chat model, LangChain's usual path, and the whole service."""

import asyncio
import sys
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path

import orjson

from bench.figures import Figure, Measured, Repeats
from bench.parts import Size
from bench.serve.client import read_each
from bench.serve.levels import at_users
from bench.serve.paced import Pace
from bench.serve.patients import index_for, known, sixty
from bench.serve.processes import Server, child, cores, paced_model, service, stand_beside
from bench.serve.requests import Ask
from bench.serve.table import Level

BAR = 12_000
# More than one core takes in by any path, so that the core is the limit.
FAST = Pace(per_stream=400, total=1e6, seqs=4096, first_s=0.02)
AT_ONCE, USERS = 64, 48
SECONDS = {"full": 8.0, "try": 4.0}
REPEATS = {"full": 3, "try": 1}
HOWS = {
    "whole": "the service's chat model, whole answers, JSON read",
    "streamed": "the service's chat model, streamed",
    "langchain": "prompt | ChatOpenAI | StrOutputParser, streamed",
}


def measure(scratch: Path, size: Size) -> Measured:
    """All paths by turns, on the same requests, recorded from the service where it composes as for an 8B model."""
    index = index_for(scratch, size)
    patients = sixty(known(index))
    stand_beside()
    file = _record(scratch, index, patients)
    hows = [how for how in HOWS if how != "langchain" or find_spec("langchain_openai")]
    if "langchain" not in hows:
        sys.stderr.write("  langchain-openai is not installed: its path is left out\n")
    rates: dict[str, list[float]] = {how: [] for how in hows}
    with paced_model(FAST) as model:
        for _ in range(REPEATS[size]):
            for how in hows:
                rates[how].append(_taken(how, model, file, SECONDS[size]))
                sys.stderr.write(f"  {how}: {rates[how][-1]:,.0f} tokens a CPU s\n")
        with service(scratch, index, model=model, model_name=FAST.name) as server:
            levels = asyncio.run(_levels(server, patients, size))
    found = {how: Repeats(tuple(values)) for how, values in rates.items()}
    return Measured((*_paths(found), *_whole_service(levels)))


def _paths(found: dict[str, Repeats]) -> list[Figure]:
    about = f"tokens a CPU second of one process on a core of its own, {AT_ONCE} requests in flight, paced model"
    figures = [
        values.figure(
            f"model tokens one core takes in: {HOWS[how]}", "/s", BAR if how == "whole" else None,
            "at_least" if how == "whole" else "report", about,
        )
        for how, values in found.items()
    ]  # fmt: skip
    if "langchain" in found:
        for how in ("whole", "streamed"):
            quotient = found[how].over(found["langchain"])
            figures.append(quotient.figure(f"{HOWS[how]}, against LangChain's path", "times", baseline="same run"))
    return figures


def _whole_service(levels: list[Level]) -> list[Figure]:
    tokens = Repeats(tuple(level.used.tokens_in / level.used.cpu_s for level in levels))
    cpu = Repeats(tuple(level.cpu_ms for level in levels))
    each = sum(level.used.tokens_in for level in levels) / max(1, sum(len(level.load.ok) for level in levels))
    about = f"retrieval, checks, HTTP, audit and storing counted; {each:.0f} tokens a summary, {USERS} users"
    return [
        tokens.figure("model tokens one core takes in: the whole service, handoffs", "/s", baseline=about),
        cpu.figure("summary by a paced 8B model, CPU of the service", "CPU ms", baseline=about),
    ]


def _record(scratch: Path, index: Path, patients: list[str]) -> Path:
    file = scratch / "composed.jsonl"
    file.unlink(missing_ok=True)
    pace = Pace(per_stream=1e5, total=1e6, first_s=0.001, record=str(file))
    with paced_model(pace) as recorder, service(scratch, index, model=recorder, model_name=pace.name) as server:
        asyncio.run(read_each(server.url, [Ask(one, name) for one in patients for name in ("handoff", "discharge")]))
    return file


def _taken(how: str, model: Server, file: Path, seconds: float) -> float:
    command = ("-m", "bench.serve.takers", how, model.url, str(file), str(AT_ONCE), str(seconds))
    with child(command, None, cores().service, {}) as process:
        assert process.stdout is not None  # noqa: S101
        found = orjson.loads(process.stdout.readline())
    return float(found["tokens"] / found["cpu_s"])


async def _levels(server: Server, patients: list[str], size: Size) -> list[Level]:
    await read_each(server.url, [Ask(one) for one in patients])
    asks = cycle([Ask(one) for one in patients])
    found = []
    for _ in range(REPEATS[size]):
        found += await at_users(server.url, lambda: asks, users=(USERS,), seconds=SECONDS[size])
    return found
