"""What readers of a stream see when the service is stopped and started again."""

import asyncio
import signal
from pathlib import Path

import orjson
import pytest
from websockets.exceptions import InvalidStatus

from app import taking_up
from tests.fakes.loopback import HEADERS, Event, all_messages, ask, open_socket, read_events, served, stream
from tests.fakes.service import Running, ScriptedModel

pytestmark = pytest.mark.integration
AVA = {"patient_id": "ava"}


def stop(service: Running) -> None:
    """As a signal does."""
    service.app.state.server.handle_exit(signal.SIGTERM, None)


async def test_every_stream_ends_in_an_error_that_says_so(tmp_path: Path) -> None:
    model = ScriptedModel(text="nonsense", delay_s=60)
    async with served(tmp_path, llm=model) as service:
        async with open_socket(service) as connection:
            await connection.send(orjson.dumps(AVA).decode())
            streaming = asyncio.create_task(stream(service.client, AVA))
            await model.asked_more_than(0)
            stop(service)
            messages, code = await all_messages(connection, None)
        events = await streaming
    assert events[0].name == messages[0].name == "evidence"
    assert (events[-1].name, events[-1].fields["code"]) == ("error", "draining")
    assert (messages[-1].name, messages[-1].fields["code"], code) == ("error", "draining", 4503)


async def test_nothing_new_is_begun_or_taken_up_by_a_service_that_stops(tmp_path: Path) -> None:
    model = ScriptedModel(text="nonsense", delay_s=60)
    async with served(tmp_path, llm=model) as service, open_socket(service) as connection:
        await connection.send(orjson.dumps(AVA).decode())
        await model.asked_more_than(0)
        stop(service)
        with pytest.raises(InvalidStatus) as refusal:
            await ask(service, AVA)
        answer = await service.client.post(
            "/summarize", json=AVA, headers={**HEADERS, "last-event-id": f"{'0' * 32}-1"}
        )
    assert (refusal.value.response.status_code, answer.status_code) == (503, 503)
    assert orjson.loads(refusal.value.response.body or b"")["code"] == answer.json()["code"] == "draining"
    assert int(answer.headers["retry-after"]) > 0


async def test_a_socket_that_asks_only_after_the_stop_is_sent_on(tmp_path: Path) -> None:
    async with served(tmp_path) as service, open_socket(service) as connection:
        stop(service)
        messages, code = await all_messages(connection, AVA)
    assert ([m.fields["code"] for m in messages], code) == (["draining"], 4503)


@pytest.mark.parametrize("transport", ["events", "socket"])
async def test_what_was_finished_before_is_taken_up_after_word_for_word(tmp_path: Path, transport: str) -> None:
    async with served(tmp_path) as service:
        before = await stream(service.client, AVA)
    async with served(tmp_path) as service:
        last = before[4].event_id
        if transport == "events":
            after = await stream(service.client, AVA, **{"last-event-id": last})
        else:
            after = (await ask(service, {**AVA, "last_event_id": last}))[0]
    assert after == before[5:]


async def test_what_was_not_finished_before_begins_anew_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking_up, "LINGER_S", 0.05)
    model = ScriptedModel(text="nonsense", delay_s=60)
    got: list[Event] = []
    async with served(tmp_path, llm=model) as service:
        reading = service.client.stream("POST", "/summarize", json=AVA, headers=HEADERS)
        async with reading as answer:
            async for event in read_events(answer):
                got.append(event)
                if model.asked and not service.app.state.drain.draining:
                    stop(service)
    async with served(tmp_path) as service:
        last = [e.event_id for e in got if e.event_id][-1]
        after = await stream(service.client, AVA, **{"last-event-id": last})
    assert (got[-1].name, after[0].name, after[-1].name) == ("error", "evidence", "summary")
    assert after[0].fields["summary_id"] != got[0].fields["summary_id"]
