"""Ten thousand requests, some anew, some cached, some given up, some wrong: memory and open files stay the same."""

import asyncio
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import aiohttp

from bench.figures import Curve, Figure, Measured, Point
from bench.page_cache import memory_of
from bench.parts import Size
from bench.serve.client import read, session_for
from bench.serve.paced import Pace
from bench.serve.patients import index_for, known
from bench.serve.processes import paced_model, service, stand_beside
from bench.serve.requests import Ask

REQUESTS = {"full": 10_000, "try": 300}
USERS = 8
ANEW, GIVEN_UP, WRONG = 0.35, 0.05, 0.05
TEMPLATES = ("medications", "problem_list", "medications", "problem_list", "handoff")
GROWTH, MORE_FILES = 1.05, 8
QUICK = Pace(per_stream=2000, total=1e6, seqs=4096, first_s=0.005)
MB = 1e6


@dataclass(frozen=True, slots=True)
class _Held:
    """What the service's process held after so many requests: memory of its own in bytes, open files."""

    requests: int
    memory: int
    files: int


def measure(scratch: Path, size: Size) -> Measured:
    """Eight users against one service with a quick model; its process is looked at from outside."""
    index = index_for(scratch, size)
    patients = [one.patient_id for one in known(index)]
    stand_beside()
    with (
        paced_model(QUICK) as model,
        service(scratch, index, model=model, model_name=QUICK.name) as server,
    ):
        began = time.monotonic()
        held, codes = asyncio.run(_Visitors(server.url, server.pid, patients, REQUESTS[size]).run())
        seconds = time.monotonic() - began
    return Measured(tuple(_figures(held, codes, REQUESTS[size], seconds)), (_curve(held),))


class _Visitors:
    def __init__(self, url: str, pid: int, patients: Sequence[str], count: int) -> None:
        self._url, self._pid, self._patients = url, pid, patients
        self._left, self._done = count, 0
        self._rng = Random(23)
        self._codes: list[str] = []

    async def run(self) -> tuple[list[_Held], list[str]]:
        async with session_for(self._url) as session:
            users = [asyncio.create_task(self._user(session)) for _ in range(USERS)]
            held = []
            while not all(user.done() for user in users):
                held.append(await asyncio.to_thread(self._look))
                await asyncio.wait(users, timeout=1.0)
            await asyncio.gather(*users)
        return held, self._codes

    def _look(self) -> _Held:
        files = len(os.listdir(f"/proc/{self._pid}/fd"))  # noqa: PTH208
        return _Held(self._done, memory_of(self._pid).anonymous, files)

    async def _user(self, session: aiohttp.ClientSession) -> None:
        while self._left > 0:
            self._left -= 1
            await self._visit(session)
            self._done += 1

    async def _visit(self, session: aiohttp.ClientSession) -> None:
        ask = Ask(self._rng.choice(self._patients), self._rng.choice(TEMPLATES), self._rng.random() < ANEW)
        kind = self._rng.random()
        if kind < GIVEN_UP:
            await _give_up(session, replace(ask, fresh=True))
        elif kind < GIVEN_UP + WRONG:
            wrong = self._rng.choice((Ask("nobody"), Ask(ask.patient_id, "no-such-template")))
            self._codes.append(f"expected {(await read(session, wrong)).code}")
        else:
            seen = await read(session, replace(ask, whole=self._rng.random() < 0.5))
            self._codes.append(seen.code or f"ok {seen.cache}".strip())


async def _give_up(session: aiohttp.ClientSession, ask: Ask) -> None:
    """Read the first bytes of the stream, and go."""
    async with session.post("/summarize", data=ask.body, headers=ask.headers) as answer:
        await answer.content.readany()
        answer.close()


def _figures(held: list[_Held], codes: list[str], count: int, seconds: float) -> list[Figure]:
    early, late = _between(held, 0.2 * count, 0.4 * count), _between(held, 0.8 * count, count)
    counted = {code: codes.count(code) for code in sorted(set(codes))}
    failed = sum(n for code, n in counted.items() if not code.startswith(("ok", "expected")))
    told = ", ".join(f"{n} {code}" for code, n in counted.items())
    given_up = count - len(codes)
    memory = statistics.median(one.memory for one in late) / statistics.median(one.memory for one in early)
    files = max(one.files for one in late) - max(one.files for one in early)
    about = f"median of the last fifth of {count:,} requests over that of the second fifth"
    return [
        Figure("requests of every kind", count, "", baseline=f"{told}, {given_up} given up; {seconds:.0f} s"),
        Figure("requests that failed", failed, "", 0, "at_most"),
        Figure("memory of the service, end / beginning", memory, "times", GROWTH, "at_most", about),
        Figure("memory of the service at the end", late[-1].memory / MB, "MB", baseline="its own, no file's pages"),
        Figure("open files of the service, more at the end", files, "", MORE_FILES, "at_most",
               f"most of the last fifth less most of the second; {late[-1].files} at the end"),
    ]  # fmt: skip


def _between(held: list[_Held], low: float, high: float) -> list[_Held]:
    return [one for one in held if low <= one.requests <= high] or held[-1:]


def _curve(held: list[_Held]) -> Curve:
    every = held[:: max(1, len(held) // 100)]
    points = tuple(Point(one.requests, one.memory / MB, one.memory / MB, one.memory / MB) for one in every)
    return Curve("serve: memory of the service", "requests", "MB of its own", points)
