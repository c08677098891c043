"""Arrivals: open, at moments that do not depend on the answers; or closed, by users who read before they ask again."""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp

from bench.serve.client import Seen, pause, read
from bench.serve.requests import Ask

_LONGEST_BACKOFF_S = 20.0


@dataclass(frozen=True, slots=True)
class Load:
    """What a stretch of load saw: `seconds` from its first arrival to the end of its window, and all asked within."""

    seconds: float
    seen: tuple[Seen, ...]

    @property
    def ok(self) -> list[Seen]:
        """Those that got a summary."""
        return [one for one in self.seen if one.ok]

    @property
    def rate(self) -> float:
        """Summaries finished within the window, a second."""
        return sum(1 for one in self.ok if one.intended + one.done <= self._until) / self.seconds

    @property
    def _until(self) -> float:
        return min((one.intended for one in self.seen), default=0.0) + self.seconds


async def open_loop(
    session: aiohttp.ClientSession, asks: Iterator[Ask], *, rate: float, seconds: float, seed: int = 5
) -> Load:
    """Poisson arrivals at `rate` a second for so long; waits for every answer.

    Latency counts from the intended arrival: where the generator itself is late, that shows.
    """
    rng, began = random.Random(seed), time.monotonic()
    tasks = []
    at = rng.expovariate(rate)
    while at < seconds:
        await pause(began + at - time.monotonic())
        tasks.append(asyncio.create_task(read(session, next(asks), began + at)))
        at += rng.expovariate(rate)
    return Load(seconds, tuple(await asyncio.gather(*tasks)))


async def closed_loop(
    session: aiohttp.ClientSession,
    asks: Iterator[Ask],
    *,
    users: int,
    seconds: float,
    think_s: float = 0.0,
    seed: int = 5,
) -> Load:
    """So many users for so long; each asks, reads, waits up to twice `think_s`, and begins again.

    A refused user waits as `Retry-After` asks. Nobody begins after the window, every answer is waited for.
    """
    rng, began = random.Random(seed), time.monotonic()
    found: list[Seen] = []

    async def user(offset: float) -> None:
        await pause(offset)
        while time.monotonic() - began < seconds:
            seen = await read(session, next(asks))
            found.append(seen)
            backoff = min(_LONGEST_BACKOFF_S, seen.retry_after or 1.0) * rng.uniform(0.75, 1.25)
            await pause(rng.uniform(0, 2 * think_s) if seen.ok else backoff)

    await asyncio.gather(*(user(rng.uniform(0, 2 * think_s)) for _ in range(users)))
    return Load(seconds, tuple(sorted(found, key=lambda one: one.intended)))


def percentile(values: list[float], share: float) -> float:
    """The value that this share of them does not exceed; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
