"""Stopping in order."""

import asyncio
import json
from pathlib import Path

import pytest
import uvicorn

from app.draining import Drain
from app.server import Server
from core.errors import Draining
from tests.fakes.service import Running, ScriptedModel, events_of, eventually, running

SUMMARY = {"patient_id": "ava"}


def drain_of(service: Running) -> Drain:
    drain: Drain = service.app.state.drain
    return drain


async def test_a_draining_service_says_so_and_begins_no_summary_while_charts_can_be_read(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        assert (await service.client.get("/readyz")).status_code == 200
        drain_of(service).begin()
        refused = [await service.client.get("/readyz"), await service.client.post("/summarize", json=SUMMARY)]
        for answer in refused:
            assert (answer.status_code, answer.json()["code"]) == (503, "draining")
            assert int(answer.headers["retry-after"]) > 0
        assert await service.metric('anamnesis_rejected_total{reason="draining"}') == 2
        assert (await service.client.get("/healthz")).status_code == 200
        assert (await service.client.get("/patients/ava")).status_code == 200


async def test_what_was_begun_before_is_finished(tmp_path: Path) -> None:
    model = ScriptedModel(delay_s=0.3)
    async with running(tmp_path, llm=model) as service:
        summary = asyncio.create_task(service.client.post("/summarize", json=SUMMARY))
        await model.asked_more_than(0)
        drain = drain_of(service)
        assert drain.under_way == 1
        drain.begin()
        answer = await summary
        assert answer.status_code == 200
        assert answer.json()["sections"]
        assert drain.under_way == 0


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_what_takes_too_long_is_handed_back_as_an_error_and_the_model_is_freed(
    tmp_path: Path, accept: str
) -> None:
    model = ScriptedModel(delay_s=60)
    async with running(tmp_path, llm=model) as service:
        headers = {"accept": accept}
        summary = asyncio.create_task(service.client.post("/summarize", json=SUMMARY, headers=headers))
        await model.asked_more_than(0)
        drain_of(service).begin()
        drain_of(service).hand_back()
        answer = await summary
        if accept == "application/json":
            assert (answer.status_code, answer.json()["code"]) == (503, "draining")
            assert int(answer.headers["retry-after"]) > 0
        else:
            events = events_of(answer.text)
            assert [events[0][0], events[-1][0]] == ["evidence", "error"]
            assert json.loads(events[-1][1])["code"] == "draining"
        await eventually(lambda: asyncio.sleep(0, model.cancelled == model.asked))
        assert [outcome for (outcome,) in service.rows("SELECT outcome FROM audit ORDER BY rowid")][-1] == "draining"


@pytest.mark.parametrize(
    ("seconds", "under_way", "stops", "handed_back"),
    [
        (0.0, 0, False, False),
        (1.0, 0, True, False),
        (19.0, 1, False, False),
        (21.0, 1, False, True),
        (26.0, 1, True, True),
    ],
)
async def test_a_server_stops_once_it_is_drained_or_time_is_up(
    seconds: float, under_way: int, stops: bool, handed_back: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    drain = Drain()
    ended: list[Draining] = []
    drain.on_hand_back(ended.append)
    server = Server(uvicorn.Config(lambda: None), drain, drain_s=0.5, shutdown_s=20)
    assert not await server.on_tick(1)
    drain.begin()
    drain.under_way = under_way
    monkeypatch.setattr(Drain, "seconds", seconds)
    assert await server.on_tick(1) is stops
    assert [error.code for error in ended] == (["draining"] if handed_back else [])


async def test_a_web_socket_is_not_opened_while_draining(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        drain_of(service).begin()
        sent: list[object] = []

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        async def receive() -> dict[str, object]:
            return {"type": "websocket.connect"}

        scope = {"type": "websocket", "path": "/ws/summarize", "headers": [(b"host", b"127.0.0.1:8000")]}
        await service.app(scope, receive, send)  # type: ignore[arg-type]
        assert sent == [{"type": "websocket.close", "code": 4503}]


async def test_readers_are_counted_until_their_last_byte(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        headers = {"accept": "text/event-stream"}
        await service.client.post("/summarize", json=SUMMARY, headers=headers)
        drain = drain_of(service)
        await eventually(lambda: asyncio.sleep(0, drain.under_way == 0))
        assert drain.under_way == 0
