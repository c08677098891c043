"""Level after level of load against one service."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial

import aiohttp

from bench.serve.client import session_for
from bench.serve.load import Load, closed_loop, open_loop
from bench.serve.readings import Reading, reading
from bench.serve.requests import Ask
from bench.serve.table import Level

USERS = (1, 4, 16, 64, 256)


async def at_users(
    url: str,
    asks: Callable[[], Iterator[Ask]],
    *,
    users: Sequence[int] = USERS,
    seconds: float,
    think_s: float = 0.0,
    model: str = "",
    key: str = "",
) -> list[Level]:
    """Closed loop, so many users each time."""

    def load(session: aiohttp.ClientSession, count: int) -> Coroutine[None, None, Load]:
        return closed_loop(session, asks(), users=count, seconds=seconds, think_s=think_s)

    read = partial(reading, url, model, key=key)
    return [
        await _level(f"{count} user{'s' * (count != 1)}", url, key, partial(load, count=count), seconds, read)
        for count in users
    ]


async def at_rates(
    url: str,
    asks: Callable[[], Iterator[Ask]],
    *,
    rates: Sequence[float],
    seconds: float,
    model: str = "",
    key: str = "",
) -> list[Level]:
    """Open loop, so many arrivals a second each time."""

    def load(session: aiohttp.ClientSession, rate: float) -> Coroutine[None, None, Load]:
        return open_loop(session, asks(), rate=rate, seconds=seconds)

    read = partial(reading, url, model, key=key)
    return [await _level(f"{rate:g}/s", url, key, partial(load, rate=rate), seconds, read) for rate in rates]


async def _level(
    name: str,
    url: str,
    key: str,
    load: Callable[[aiohttp.ClientSession], Coroutine[None, None, Load]],
    seconds: float,
    read: Callable[[], Coroutine[None, None, Reading]],
) -> Level:
    before = await read()
    async with session_for(url, key=key) as session:
        running = asyncio.create_task(load(session))
        await asyncio.sleep(seconds)
        within = (await read()).since(before)
        level = Level(name, await running, (await read()).since(before), within)
    sys.stderr.write(f"  {name}: {level.load.rate:.2f} summaries/s\n")
    sys.stderr.flush()
    return level
