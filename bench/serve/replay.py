"""The requests of the service, straight at the model server: so many at a time, whatever was in between left out.

`python -m bench.serve.replay FILE --url http://127.0.0.1:8001/v1 [--at-once 64] [--seconds 60]`.
"""

import argparse
import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import cycle
from pathlib import Path

import aiohttp
import orjson

from bench.serve.readings import reading


def recorded(path: Path) -> list[bytes]:
    """The bodies in a file that the paced model wrote with `record`, less those of one token, which only prime."""
    return [body for body in path.read_bytes().splitlines() if orjson.loads(body).get("max_tokens") != 1]


def salted(bodies: Sequence[bytes], salt: str, model: str = "") -> list[bytes]:
    """The same with a `cache_salt`, and for another model where one is named."""
    more = ({"cache_salt": salt} if salt else {}) | ({"model": model} if model else {})
    return [orjson.dumps(orjson.loads(body) | more) for body in bodies]


@contextlib.asynccontextmanager
async def replaying(root: str, bodies: Sequence[bytes], *, at_once: int) -> AsyncIterator[list[str]]:
    """Meanwhile `at_once` requests are in flight, over and over through the bodies. Yields what went wrong so far."""
    wrong: list[str] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        turns = cycle(bodies)
        tasks = [asyncio.create_task(_ask_on(session, root, turns, wrong)) for _ in range(at_once)]
        try:
            yield wrong
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _ask_on(session: aiohttp.ClientSession, root: str, turns: Iterator[bytes], wrong: list[str]) -> None:
    headers = {"Content-Type": "application/json"}
    while True:
        try:
            url = f"{root}/v1/chat/completions"
            async with session.post(url, data=next(turns), headers=headers) as answer:
                await answer.read()
                if answer.status != 200:
                    wrong.append(str(answer.status))
        except aiohttp.ClientError as e:
            wrong.append(type(e).__name__)
            await asyncio.sleep(0.1)


async def tokens_a_second(root: str, *, settle_s: float, seconds: float) -> float:
    """What the model server generates meanwhile, by its own count, from when things have settled."""
    await asyncio.sleep(settle_s)
    began, before = time.monotonic(), await reading("", root)
    await asyncio.sleep(seconds)
    added = (await reading("", root)).since(before)
    return added.generated / (time.monotonic() - began)


async def _main(options: argparse.Namespace) -> None:
    root = options.url.rstrip("/").removesuffix("/v1")
    bodies = salted(recorded(options.file), f"replay-{time.time_ns()}", options.model)
    async with replaying(root, bodies, at_once=options.at_once) as wrong:
        rate = await tokens_a_second(root, settle_s=options.settle, seconds=options.seconds)
    print(f"{rate:,.0f} tokens/s, {options.at_once} at once, {len(wrong)} failed")  # noqa: T201


def main() -> None:
    """Replay a file for a while and print the rate."""
    parser = argparse.ArgumentParser(prog="python -m bench.serve.replay", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--url", required=True, help="the model server")
    parser.add_argument("--model", default="", help="its name of the model, where it is not the recorded one")
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--settle", type=float, default=10.0)
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
