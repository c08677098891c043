"""Arrivals come when they were meant to, and what became of each is told."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bench.serve.client import BROKEN, UNREACHABLE, Seen, read, session_for
from bench.serve.first_statement import added_to
from bench.serve.load import Load, closed_loop, open_loop, percentile
from bench.serve.readings import Reading
from bench.serve.requests import Ask, mixed
from bench.serve.table import Level, text_table

EVENTS = b"event: evidence\ndata: {}\n\nevent: statement\ndata: {}\n\nevent: statement\ndata: {}\n\n"
END = b"event: summary\ndata: {}\n\n"


@asynccontextmanager
async def service(
    *, parts: tuple[bytes, ...] = (EVENTS, END), refuse: int = 0, slow_s: float = 0.0
) -> AsyncIterator[str]:
    """Answers /summarize with these events; refuses every `refuse`-th."""
    asked = 0

    async def summarize(request: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        if refuse and asked % refuse == 0:
            return web.json_response({"code": "overloaded"}, status=503, headers={"Retry-After": "1"})
        await asyncio.sleep(slow_s)
        response = web.StreamResponse(headers={"Server-Timing": 'cache;desc="miss"'})
        await response.prepare(request)
        for part in parts:
            await response.write(part)
            await asyncio.sleep(0.001)
        return response

    app = web.Application()
    app.router.add_post("/summarize", summarize)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def asks() -> Iterator[Ask]:
    return mixed(["p1", "p2"])


async def test_statements_are_counted_wherever_the_network_cuts_them() -> None:
    whole = EVENTS + END
    cut = tuple(whole[i : i + 5] for i in range(0, len(whole), 5))
    async with service(parts=cut) as url, session_for(url) as session:
        seen = await read(session, Ask("p1"))
    assert seen.ok and len(seen.statements) == 2 and seen.cache == "miss"
    assert 0 < seen.statements[0] <= seen.statements[1] <= seen.done


@pytest.mark.parametrize(
    ("parts", "code"), [((EVENTS,), BROKEN), ((EVENTS, b"event: error\ndata: {}\n\n"), "error_event")]
)
async def test_a_stream_without_its_summary_is_no_summary(parts: tuple[bytes, ...], code: str) -> None:
    async with service(parts=parts) as url, session_for(url) as session:
        assert (await read(session, Ask("p1"))).code == code


async def test_a_refusal_is_told_with_its_code_and_what_it_asked_for() -> None:
    async with service(refuse=1) as url, session_for(url) as session:
        seen = await read(session, Ask("p1"))
    assert (seen.code, seen.retry_after, seen.statements) == ("overloaded", 1.0, [])


async def test_a_service_that_is_not_there_is_an_outcome_as_well() -> None:
    async with session_for("http://127.0.0.1:9") as session:
        assert (await read(session, Ask("p1"))).code == UNREACHABLE


async def test_open_arrivals_do_not_wait_for_answers_and_latency_counts_from_the_intended_moment() -> None:
    async with service(slow_s=0.5) as url, session_for(url) as session:
        load = await open_loop(session, asks(), rate=100, seconds=0.3)
    assert len(load.seen) > 10
    assert all(one.ok and one.done >= 0.5 for one in load.seen)
    assert max(one.intended for one in load.seen) - min(one.intended for one in load.seen) < 0.3


async def test_latency_counts_a_wait_before_sending() -> None:
    async with service() as url, session_for(url) as session:
        seen = await read(session, Ask("p1"), time.monotonic() - 5)
    assert seen.sent >= 5 and seen.statements[0] >= 5


async def test_closed_users_read_before_they_ask_again() -> None:
    async with service(slow_s=0.05) as url, session_for(url) as session:
        load = await closed_loop(session, asks(), users=2, seconds=0.3)
    assert 2 <= len(load.seen) <= 14
    assert load.rate <= 2 / 0.05


def test_only_what_ended_within_the_window_counts_for_the_rate() -> None:
    seen = (Seen(Ask("p"), 0.0, done=1.0), Seen(Ask("p"), 1.0, done=3.0), Seen(Ask("p"), 1.0, code="overloaded"))
    load = Load(2.0, seen)
    assert load.rate == 0.5 and len(load.ok) == 2
    level = Level("2/s", load, Reading(cpu_s=1.0, generated=150), Reading(generated=100))
    assert (level.cpu_ms, level.tokens_s, dict(level.errors)) == (500.0, 50.0, {"overloaded": 1})
    assert "1 overloaded" in text_table([level])


def test_a_percentile_is_a_value_that_was_seen() -> None:
    assert [percentile([3.0, 1.0, 2.0], share) for share in (0.0, 0.5, 0.99)] == [1.0, 2.0, 3.0]
    assert percentile([], 0.5) == 0.0


def test_the_mix_is_drawn_from_its_seed() -> None:
    one, two = mixed(["a", "b"], fresh_share=0.5), mixed(["a", "b"], fresh_share=0.5)
    drawn = [next(one) for _ in range(200)]
    assert drawn == [next(two) for _ in range(200)]
    assert {ask.template for ask in drawn} == {"handoff", "discharge", "medications", "problem_list"}
    assert 60 < sum(ask.fresh for ask in drawn) < 140
    assert "Cache-Control" not in next(ask for ask in drawn if not ask.fresh).headers


def test_what_is_added_to_the_models_time_is_told_before_and_after() -> None:
    seen = Seen(Ask("p"), 100.0, done=4.0, statements=[0.05, 2.25, 3.0])
    of_others = (90.0, 92.0, 1)
    (added,) = added_to(seen, [of_others, (100.2, 102.2, 1), (100.21, 102.5, 2)])
    assert (round(added.before), round(added.after), round(added.all)) == (200, 50, 250)
    assert added_to(seen, [of_others]) == []
