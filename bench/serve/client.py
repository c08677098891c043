"""A reader of summaries who takes the time."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import aiohttp
import orjson

from bench.serve.requests import Ask

UNREACHABLE = "connection"
TIMED_OUT = "timeout"
BROKEN = "broken_off"
_STATEMENT, _SUMMARY, _ERROR = b"event: statement\n", b"event: summary\n", b"event: error\n"


@dataclass(slots=True)
class Seen:
    """What became of one ask, in seconds since it was meant to be sent. `code` is "" where a summary came.

    `statements` are the moments at which statements arrived. `retry_after` is what a refusal asked for, in seconds.
    """

    ask: Ask
    intended: float
    code: str = ""
    sent: float = 0.0
    answered: float = 0.0
    done: float = 0.0
    retry_after: float = 0.0
    cache: str = ""
    statements: list[float] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether a whole summary came."""
        return not self.code


async def read(session: aiohttp.ClientSession, ask: Ask, intended: float | None = None) -> Seen:
    """Ask and read to the end. Times count from `intended` (time.monotonic), so that a wait before sending counts."""
    seen = Seen(ask, time.monotonic() if intended is None else intended)
    seen.sent = time.monotonic() - seen.intended
    try:
        async with session.post("/summarize", data=ask.body, headers=ask.headers) as answer:
            seen.answered = time.monotonic() - seen.intended
            await _take(answer, seen)
    except TimeoutError:
        seen.code = TIMED_OUT
    except (aiohttp.ClientError, OSError):
        seen.code = UNREACHABLE
    seen.done = time.monotonic() - seen.intended
    return seen


async def _take(answer: aiohttp.ClientResponse, seen: Seen) -> None:
    if answer.status != 200:
        body = orjson.loads(await answer.read() or b"{}")
        seen.code = str(body.get("code", answer.status))
        seen.retry_after = float(answer.headers.get("Retry-After", 0))
        return
    seen.cache = answer.headers.get("Server-Timing", "").partition('desc="')[2].partition('"')[0]
    if seen.ask.whole:
        await answer.read()
        return
    tail, ended = b"", False
    async for data in answer.content.iter_any():
        at, text = time.monotonic() - seen.intended, tail + data
        seen.statements += [at] * text.count(_STATEMENT)
        ended = ended or _SUMMARY in text
        if _ERROR in text:
            seen.code = "error_event"
        # As much as may hold the beginning of a name that was cut in two, and no whole name twice.
        tail = text[-(len(_STATEMENT) - 1) :] if len(text) >= len(_STATEMENT) else text
    if not ended and not seen.code:
        seen.code = BROKEN


def session_for(url: str, *, timeout_s: float = 150.0, key: str = "") -> aiohttp.ClientSession:
    """A session without a limit of connections: an arrival never waits for one."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return aiohttp.ClientSession(
        url, headers=headers, timeout=aiohttp.ClientTimeout(total=timeout_s), connector=aiohttp.TCPConnector(limit=0)
    )


async def read_each(url: str, asks: Iterable[Ask]) -> list[Seen]:
    """Ask one after another."""
    async with session_for(url) as session:
        return [await read(session, ask) for ask in asks]


async def pause(seconds: float) -> None:
    """Sleep for so long; not at all where that is past."""
    await asyncio.sleep(max(0.0, seconds))
