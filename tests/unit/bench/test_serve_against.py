"""Load on a running service prints one table."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from bench.serve import against

EVENTS = b"event: statement\ndata: {}\n\nevent: summary\ndata: {}\n\n"


@pytest.fixture
async def url() -> Any:
    asked = 0

    async def summarize(request: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        assert (await request.json())["patient_id"] == "p7"
        response = web.StreamResponse()
        await response.prepare(request)
        await asyncio.sleep(0.02)
        await response.write(EVENTS)
        return response

    async def patients(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer key":
            return web.json_response({"code": "unauthorized"}, status=401)
        return web.json_response({"patients": [{"patient_id": "p7"}], "next": None})

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text=f"process_cpu_seconds_total {asked / 100}\n")

    app = web.Application()
    app.add_routes([web.post("/summarize", summarize), web.get("/patients", patients), web.get("/metrics", metrics)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize("level", [["--users", "1", "2"], ["--rates", "20", "40"]])
async def test_one_line_a_level(url: str, level: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--url", url, "--key", "key", "--seconds", "0.3", *level]
    assert await asyncio.to_thread(against.main, command) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["load", "asked", "summaries/s"]
    assert len(lines) == 2 and all("10.0" in line for line in lines)


async def test_a_service_that_lists_nobody_is_told_with_the_remedy(url: str) -> None:
    with pytest.raises(RuntimeError, match="--key"):
        await asyncio.to_thread(against.main, ["--url", url, "--users", "1"])
