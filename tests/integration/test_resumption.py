"""A stream that broke is taken up again, over either transport."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from app import taking_up
from tests.fakes.loopback import HEADERS, Event, ask, open_socket, read_events, read_message, served, stream
from tests.fakes.service import Running, ScriptedModel, eventually

pytestmark = [pytest.mark.integration, pytest.mark.parametrize("transport", ["events", "socket"])]
AVA, BEN = {"patient_id": "ava"}, {"patient_id": "ben"}
UNKNOWN = "0" * 32 + "-3"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Running]:
    async with served(tmp_path) as service:
        yield service


async def read(service: Running, transport: str, request: dict[str, Any], last: str = "") -> list[Event]:
    """A summary to its end, after the event named `last`."""
    if transport == "events":
        return await stream(service.client, request, **({"last-event-id": last} if last else {}))
    return (await ask(service, {**request, **({"last_event_id": last} if last else {})}))[0]


async def read_some(service: Running, transport: str, request: dict[str, Any], number: int) -> list[Event]:
    """The first events of a summary; then the connection is dropped."""
    got: list[Event] = []
    if transport == "events":
        async with service.client.stream("POST", "/summarize", json=request, headers=HEADERS) as answer:
            async for event in read_events(answer):
                got.append(event)
                if len(got) == number:
                    return got
    async with open_socket(service) as connection:
        await connection.send(orjson.dumps(request).decode())
        while len(got) < number:
            got.append(read_message(await connection.recv()))
        connection.transport.abort()
    return got


async def test_after_each_event_exactly_the_missing_ones_come(service: Running, transport: str) -> None:
    whole = await read(service, transport, AVA)
    assert len(whole) > 10
    for n in range(1, len(whole)):
        assert await read(service, transport, AVA, whole[n - 1].event_id) == whole[n:]
    assert await service.metric("anamnesis_streams_resumed_total") == len(whole) - 1


async def test_who_has_it_all_is_given_the_end_again(service: Running, transport: str) -> None:
    whole = await read(service, transport, AVA)
    assert await read(service, transport, AVA, whole[-1].event_id) == whole[-1:]
    assert await read(service, transport, AVA, f"{whole[0].fields['summary_id']}-999999") == whole[-1:]


async def test_a_stream_broken_in_the_middle_goes_on_and_the_model_is_not_asked_twice(
    tmp_path: Path, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_up, "LINGER_S", 30)
    model = ScriptedModel(text="nonsense", delay_s=0.4)
    async with served(tmp_path, llm=model) as service:
        first = await read_some(service, transport, AVA, 2)
        rest = await read(service, transport, AVA, first[-1].event_id)
        asked = model.asked
        summary_id = first[0].fields["summary_id"]
        stored = await service.client.get(f"/summaries/{summary_id}")
        assert [e.event_id for e in first + rest] == [f"{summary_id}-{n}" for n in range(1, len(first + rest) + 1)]
        assert rest[-1].data == stored.content
        # What a reader pieced together is what one gets who was never interrupted.
        assert await read(service, transport, AVA, f"{summary_id}-1") == [*first[1:], *rest]
        assert (model.asked, model.cancelled) == (asked, 0)
        outcomes = service.rows("SELECT outcome FROM audit WHERE summary_id = ? AND action = 'summarize'", summary_id)
    assert sorted(outcomes)[:1] == [("cancelled",)]
    assert outcomes.count(("started",)) == 3 and outcomes.count(("ok",)) == 2


async def test_who_comes_back_too_late_begins_anew(
    tmp_path: Path, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_up, "LINGER_S", 0.01)
    model = ScriptedModel(text="nonsense", delay_s=60)
    async with served(tmp_path, llm=model) as service:
        first = await read_some(service, transport, AVA, 1)

        async def given_up() -> bool:
            return model.asked == model.cancelled > 0

        await eventually(given_up)
        model.delay_s = 0
        again = await read(service, transport, AVA, first[0].event_id)
    assert (again[0].name, again[-1].name) == ("evidence", "summary")
    assert again[0].fields["summary_id"] != first[0].fields["summary_id"]


async def test_an_unknown_stream_begins_anew(service: Running, transport: str) -> None:
    events = await read(service, transport, AVA, UNKNOWN)
    assert (events[0].name, events[-1].name) == ("evidence", "summary")
    assert [e.event_id.partition("-")[2] for e in events] == [str(n) for n in range(1, len(events) + 1)]
    assert await service.metric("anamnesis_streams_resumed_total") == 0


async def test_the_stream_of_another_patient_begins_anew_for_the_one_who_was_asked_for(
    service: Running, transport: str
) -> None:
    of_ava = await read(service, transport, AVA)
    of_ben = await read(service, transport, BEN, of_ava[2].event_id)
    assert of_ben[0].name == "evidence"
    assert of_ben[0].fields["summary_id"] != of_ava[0].fields["summary_id"]
    assert of_ben[-1].fields["patient_id"] == "ben"
    assert {p for (p,) in service.rows("SELECT DISTINCT patient_id FROM audit ORDER BY 1")} == {"ava", "ben"}


@pytest.mark.parametrize(
    "last",
    ["zyqwortel", "0", "-1", "0" * 32, "0" * 32 + "-", "0" * 32 + "-0", "0" * 32 + "-1x", "0" * 32 + "-١", "0" * 99],
)
async def test_what_is_no_id_of_an_event_is_refused(service: Running, transport: str, last: str) -> None:
    if transport == "events":
        headers = {**HEADERS, "last-event-id": last.encode()}
        answer = await service.client.post("/summarize", json=AVA, headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 422
        problem = answer.json()
        assert problem["errors"][0]["field"] == "header.Last-Event-ID"
    else:
        events, code = await ask(service, {**AVA, "last_event_id": last})
        assert code == 4422
        problem = events[0].fields
        assert problem["errors"][0]["field"] == "body.last_event_id"
    assert problem["code"] == "invalid_request"
    assert last not in str(problem["errors"]) or last in {"0", "-1"}


async def test_a_reader_who_joins_again_and_again_is_audited_each_time(service: Running, transport: str) -> None:
    whole = await read(service, transport, AVA)
    await read(service, transport, AVA, whole[1].event_id)
    rows = service.rows("SELECT outcome, note_ids FROM audit WHERE action = 'summarize' ORDER BY entry_id")
    assert [outcome for outcome, _ in rows] == ["started", "ok", "started", "ok"]
    assert rows[:2] == rows[2:]
