"""The WebSocket twin of the stream, through the real server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from app import websocket
from tests.fakes.loopback import all_messages, ask, open_socket, served
from tests.fakes.service import Running, ScriptedModel, eventually

pytestmark = pytest.mark.integration
AVA = {"patient_id": "ava"}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Running]:
    async with served(tmp_path) as service:
        yield service


async def test_the_events_come_as_messages_and_the_last_is_the_whole_summary(service: Running) -> None:
    events, code = await ask(service, AVA)
    names = [e.name for e in events]
    summary_id = events[0].fields["summary_id"]
    stored = await service.client.get(f"/summaries/{summary_id}")
    assert (names[0], names[-1], code) == ("evidence", "summary", 1000)
    assert "statement" in names and "section" in names
    assert [e.event_id for e in events] == [f"{summary_id}-{n}" for n in range(1, len(events) + 1)]
    assert events[-1].data == stored.content


async def test_a_summary_over_a_websocket_is_audited_like_any_other(service: Running) -> None:
    await ask(service, AVA, headers={"x-purpose": "ward round", "x-request-id": "request-12345"})
    rows = service.rows("SELECT request_id, caller, action, patient_id, purpose, outcome FROM audit ORDER BY entry_id")
    known = ("request-12345", "local", "summarize", "ava", "ward round")
    assert rows == [(*known, "started"), (*known, "ok")]


@pytest.mark.parametrize(
    ("request_", "code", "told"),
    [
        ({"patient_id": "nobody"}, 4404, "patient_not_found"),
        ({**AVA, "template": "no-such"}, 4422, "invalid_request"),
        ({**AVA, "require": "abstractive"}, 4503, "model_unavailable"),
        ({**AVA, "zyqwortel": 1}, 4422, "invalid_request"),
        ({**AVA, "last_event_id": "zyqwortel-1"}, 4422, "invalid_request"),
        ({**AVA, "fresh": "zyqwortel"}, 4422, "invalid_request"),
        ({"focus": "zyqwortel"}, 4422, "invalid_request"),
        ("{zyqwortel", 4422, "invalid_request"),
        ("[" * 60_000, 4422, "invalid_request"),
        ('{"patient_id": "ava", "max_words": ' + "7" * 5000 + "}", 4422, "invalid_request"),
        ('"zyqwortel"', 4422, "invalid_request"),
        ("", 4422, "invalid_request"),
        (b'{"patient_id": "ava"}', 1003, "invalid_request"),
    ],
)
async def test_what_cannot_be_answered_ends_in_an_error_and_a_code(
    service: Running, request_: Any, code: int, told: str
) -> None:
    events, closed = await ask(service, request_)
    assert ([e.name for e in events], closed) == (["error"], code)
    assert (events[0].fields["code"], events[0].event_id) == (told, "")
    assert "zyqwortel" not in str(events)


async def test_an_error_tells_the_same_as_over_http(service: Running) -> None:
    for body in ({"patient_id": "nobody"}, {**AVA, "focus": "x" * 501, "max_words": "many"}, {**AVA, "x": 1}, [1]):
        events, _ = await ask(service, body, headers={"x-request-id": "request-12345"})
        answer = await service.client.post("/summarize", json=body, headers={"x-request-id": "request-12345"})
        assert events[0].fields == answer.json()


@pytest.mark.parametrize("body", ["[" * 60_000, '{"max_words": ' + "7" * 5000 + "}"], ids=["deep", "long number"])
async def test_a_body_that_cannot_be_read_is_told_as_over_http(service: Running, body: str) -> None:
    headers = {"x-request-id": "request-12345", "content-type": "application/json"}
    events, _ = await ask(service, body, headers=headers)
    answer = await service.client.post("/summarize", content=body, headers=headers)
    assert events[0].fields == answer.json()
    assert answer.json()["detail"] == "body: this is no JSON"


async def test_a_message_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    async with served(tmp_path, max_body_bytes=2048) as service:
        for size, code in ((1500, 4422), (2049, 1009), (100_000, 1009)):
            request = orjson.dumps({**AVA, "focus": ""}).decode()
            _, closed = await ask(service, request[:-2] + "x" * (size - len(request)) + request[-2:])
            assert closed == code, size
        assert service.rows("SELECT outcome FROM audit") == []


async def test_a_second_message_ends_the_connection_and_the_work(tmp_path: Path) -> None:
    model = ScriptedModel(text="nonsense", delay_s=60)
    async with served(tmp_path, llm=model) as service, open_socket(service) as connection:
        await connection.send(orjson.dumps(AVA).decode())
        await model.asked_more_than(0)
        events, code = await all_messages(connection, AVA)
        assert (events[-1].name, events[-1].fields["code"], code) == ("error", "invalid_request", 1008)
        await eventually(lambda: _all_cancelled(model))


async def test_a_connection_that_asks_nothing_is_not_kept(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "FIRST_MESSAGE_S", 0.05)
    events, code = await ask(service, None)
    assert ([e.name for e in events], code) == (["error"], 1008)


async def test_a_connection_that_asked_nothing_does_not_hold_up_a_service_that_is_to_stop(service: Running) -> None:
    drain = service.app.state.drain
    async with open_socket(service) as connection:
        await eventually(lambda: asyncio.sleep(0, drain.under_way == 1))
        drain.begin()
        events, code = await all_messages(connection, None)
    assert ([e.fields["code"] for e in events], code) == (["draining"], 4503)
    await eventually(lambda: asyncio.sleep(0, drain.under_way == 0))
    assert drain.seconds < websocket.FIRST_MESSAGE_S


@pytest.mark.parametrize("politely", [True, False])
async def test_a_client_that_leaves_frees_the_model(tmp_path: Path, politely: bool) -> None:
    model = ScriptedModel(text="nonsense", delay_s=60)
    async with served(tmp_path, llm=model) as service:
        async with open_socket(service) as connection:
            await connection.send(orjson.dumps(AVA).decode())
            await model.asked_more_than(0)
            if not politely:
                connection.transport.abort()
        await eventually(lambda: _all_cancelled(model))
        await eventually(lambda: _outcome(service, "cancelled"))


async def test_a_client_that_leaves_before_it_asks_leaves_nothing(service: Running) -> None:
    async with open_socket(service):
        pass
    assert (await ask(service, AVA))[1] == 1000
    assert service.rows("SELECT count(*) FROM audit") == [(2,)]


async def test_pings_come_while_the_model_is_slow(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    import logging

    heard = logging.getLogger("tests.socket")
    caplog.set_level(logging.DEBUG, "tests.socket")
    model = ScriptedModel(text="nonsense", delay_s=0.5)
    async with served(tmp_path, llm=model, ping_s=0.05) as service:
        events, code = await ask(service, AVA, logger=heard)
    pings = [r for r in caplog.records if r.name == "tests.socket" and r.getMessage().startswith("< PING")]
    assert (events[-1].name, code) == ("summary", 1000)
    assert len(pings) >= 2


async def test_a_peer_that_answers_no_ping_is_given_up(tmp_path: Path) -> None:
    model = ScriptedModel(text="nonsense", delay_s=60)
    async with served(tmp_path, llm=model, ping_s=0.05, pong_s=0.2) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.client.base_url.port)
        writer.write(
            b"GET /ws/summarize HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert b"101" in await reader.readline()
        body = orjson.dumps(AVA)
        # A text frame, masked with zeros.
        writer.write(bytes([0x81, 0x80 | len(body)]) + bytes(4) + body)
        await model.asked_more_than(0)
        await eventually(lambda: _all_cancelled(model))
        writer.close()


async def test_what_is_under_way_is_finished_when_the_server_is_told_to_stop(tmp_path: Path) -> None:
    model = ScriptedModel(text="nonsense", delay_s=0.5)
    async with served(tmp_path, llm=model) as service, open_socket(service) as connection:
        await connection.send(orjson.dumps(AVA).decode())
        await model.asked_more_than(0)
        service.app.state.server.should_exit = True
        events, code = await all_messages(connection, None)
    assert (events[-1].name, code) == ("summary", 1000)


async def _all_cancelled(model: ScriptedModel) -> bool:
    return model.cancelled == model.asked


async def _outcome(service: Running, outcome: str) -> bool:
    return service.rows("SELECT count(*) FROM audit WHERE outcome = ?", outcome) == [(1,)]
