"""Level after level of load against one service."""

import sys
from collections.abc import Callable, Iterator, Sequence

from bench.serve.client import session_for
from bench.serve.load import closed_loop, open_loop
from bench.serve.readings import reading
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
    found = []
    for count in users:
        before = await reading(url, model, key=key)
        async with session_for(url, key=key) as session:
            load = await closed_loop(session, asks(), users=count, seconds=seconds, think_s=think_s)
        found.append(
            Level(f"{count} user{'s' * (count != 1)}", load, (await reading(url, model, key=key)).since(before))
        )
        _say(found[-1])
    return found


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
    found = []
    for rate in rates:
        before = await reading(url, model, key=key)
        async with session_for(url, key=key) as session:
            load = await open_loop(session, asks(), rate=rate, seconds=seconds)
        found.append(Level(f"{rate:g}/s", load, (await reading(url, model, key=key)).since(before)))
        _say(found[-1])
    return found


def _say(level: Level) -> None:
    sys.stderr.write(f"  {level.name}: {level.load.rate:.2f} summaries/s\n")
    sys.stderr.flush()
