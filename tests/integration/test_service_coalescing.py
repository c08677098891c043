"""Many ask for the same at once, some leave, some come back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from app.audit.entry import AuditEntry
from app.runs import NumberedEvent
from app.summarizing import Summarizer
from core.errors import AnamnesisError, DeadlineExceeded, ModelUnavailable, SummaryNotFound
from core.records import EvidenceEvent, SummaryEvent, SummaryRequest
from tests.fakes.service import Running, ScriptedModel, eventually, running

pytestmark = pytest.mark.integration
AVA = SummaryRequest("ava")


def entry(number: int = 0, patient_id: str = "ava") -> AuditEntry:
    return AuditEntry(f"r{number}", f"caller {number % 5}", "summarize", "ok", patient_id)


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel(text="nonsense", delay_s=0.2)


@pytest.fixture
async def service(tmp_path: Path, model: ScriptedModel) -> AsyncIterator[Running]:
    async with running(tmp_path, llm=model) as service:
        yield service


def summarizer_of(service: Running) -> Summarizer:
    return service.app.state.services.summarizer


async def outcomes(service: Running) -> dict[str, list[str]]:
    """The outcomes in the audit log by request."""
    found: dict[str, list[str]] = {}
    for request_id, outcome in service.rows("SELECT request_id, outcome FROM audit ORDER BY entry_id"):
        found.setdefault(request_id, []).append(outcome)
    return found


async def test_those_who_come_later_read_what_was_kept_and_ask_the_model_nothing(
    service: Running, model: ScriptedModel
) -> None:
    async def read(number: int) -> list[NumberedEvent]:
        events = summarizer_of(service).summarize(AVA, entry(number))
        return [event async for event in events]

    alone = await read(99)
    questions = model.asked
    others = await asyncio.gather(*(read(number) for number in range(30)))
    fresh = [e async for e in summarizer_of(service).summarize(AVA, entry(98), fresh=True)]
    assert {event.lookup for events in others for event in events} == {"hit"}
    assert (model.asked, fresh[0].lookup) == (2 * questions, "bypassed")
    assert [replace(e, lookup="miss") for e in others[0]] == [replace(e, lookup="miss") for e in others[29]]
    assert others[0][-1].body == alone[-1].body
    assert set(map(tuple, (await outcomes(service)).values())) == {("started", "ok")}


async def test_a_crowd_before_a_slow_model_costs_one_summary(service: Running, model: ScriptedModel) -> None:
    random = Random(7)

    async def visit(number: int) -> str:
        await asyncio.sleep(random.uniform(0, 0.15))
        events = summarizer_of(service).summarize(AVA, entry(number), linger_s=random.choice((0.0, 0.1)))
        stays = number % 3 > 0
        async with aclosing(events):
            async for event in events:
                if not stays and random.random() < 0.5:
                    return "left"
                if isinstance(event.event, SummaryEvent):
                    return event.event.summary.summary_id
        return "left"

    found = await asyncio.gather(*(visit(number) for number in range(60)))
    ids = set(found) - {"left"}
    assert len(ids) == 1
    assert service.rows("SELECT summary_id FROM summaries") == [tuple(ids)]
    assert await service.metric("anamnesis_coalesced_total") > 30
    told = await outcomes(service)
    assert len(told) == 60
    for number, how in enumerate(found):
        assert told[f"r{number}"][-1] == ("cancelled" if how == "left" else "ok"), (number, how)
        assert how == "left" or told[f"r{number}"] == ["started", "ok"]


async def test_the_last_reader_to_leave_frees_the_model(service: Running, model: ScriptedModel) -> None:
    model.delay_s = 60
    readers = [asyncio.create_task(read_all(service, number)) for number in range(3)]
    await model.asked_more_than(0)
    await asyncio.sleep(0.05)
    for reader in readers[:2]:
        reader.cancel()
    await asyncio.gather(*readers[:2], return_exceptions=True)
    assert model.cancelled == 0
    readers[2].cancel()
    await asyncio.gather(readers[2], return_exceptions=True)
    assert model.cancelled == model.asked > 0
    assert await service.metric('anamnesis_cancelled_total{stage="running"}') == 1
    assert await service.metric("anamnesis_inflight_summaries") == 0


async def read_all(
    service: Running, number: int, *, linger_s: float = 0.0, deadline_s: float = 30
) -> list[NumberedEvent]:
    events = summarizer_of(service).summarize(AVA, entry(number), deadline_s=deadline_s)
    async with aclosing(events):
        return [event async for event in events]


async def test_a_reader_in_a_hurry_gets_its_error_and_the_others_their_summary(service: Running) -> None:
    patient = asyncio.create_task(read_all(service, 1))
    hurried = asyncio.create_task(read_all(service, 2, deadline_s=0.1))
    with pytest.raises(DeadlineExceeded):
        await hurried
    assert isinstance((await patient)[-1].event, SummaryEvent)
    told = await outcomes(service)
    assert (told["r1"][-1], told["r2"][-1]) == ("ok", "deadline_exceeded")


async def test_a_failure_is_the_same_for_all_who_wait(service: Running, model: ScriptedModel) -> None:
    model.error = ModelUnavailable("gone")
    request = replace(AVA, require="abstractive")

    async def read(number: int) -> None:
        async for _ in summarizer_of(service).summarize(request, entry(number)):
            pass

    errors = await asyncio.gather(*(read(number) for number in range(8)), return_exceptions=True)
    assert {(type(e), str(e)) for e in errors} == {(ModelUnavailable, str(errors[0]))}
    assert {how[-1] for how in (await outcomes(service)).values()} == {"model_unavailable"}
    model.error = None
    assert (await service.client.post("/summarize", json={"patient_id": "ava"})).status_code == 200


async def test_a_batch_that_a_person_joins_is_as_urgent_as_the_person(service: Running, model: ScriptedModel) -> None:
    model.delay_s = 1
    batch = summarizer_of(service).summarize(AVA, entry(1), priority="batch")
    await anext(batch)
    (run,) = service.app.state.services.runs._running.values()
    assert run.ticket.priority == "batch"
    person = asyncio.create_task(read_all(service, 2))
    await eventually(lambda: promoted(run))
    person.cancel()
    await asyncio.gather(person, return_exceptions=True)
    await batch.aclose()


async def promoted(run: object) -> bool:
    return bool(run.ticket.priority == "interactive")  # type: ignore[attr-defined]


async def test_a_broken_stream_is_taken_up_again_while_the_model_still_writes(
    service: Running, model: ScriptedModel
) -> None:
    first = summarizer_of(service).summarize(AVA, entry(1), linger_s=5)
    begun = await anext(first)
    assert isinstance(begun.event, EvidenceEvent)
    await first.aclose()
    rest = [e async for e in summarizer_of(service).resume(begun.event.summary_id, begun.number, entry(2))]
    assert [e.number for e in rest] == list(range(2, 2 + len(rest)))
    assert isinstance(rest[-1].event, SummaryEvent)
    assert {e.lookup for e in rest} == {"resumed"}
    assert await outcomes(service) == {"r1": ["started", "cancelled"], "r2": ["started", "ok"]}
    assert await service.metric("anamnesis_streams_resumed_total") == 1


@pytest.mark.parametrize("where", ["memory", "database"])
async def test_a_finished_summary_is_taken_up_again_at_any_event(service: Running, where: str) -> None:
    whole = await read_all(service, 1)
    summary_id = whole[0].event.summary_id  # type: ignore[union-attr]
    if where == "database":
        service.app.state.services.runs.forget(summary_id)
    for after in (0, 1, len(whole) - 1, len(whole), len(whole) + 7):
        rest = [e async for e in summarizer_of(service).resume(summary_id, after, entry(after + 10))]
        expected = whole[min(after, len(whole) - 1) :]
        assert [(e.number, e.event, e.body) for e in rest[:-1]] == [(e.number, e.event, e.body) for e in expected[:-1]]
        assert (rest[-1].number, rest[-1].body) == (whole[-1].number, whole[-1].body)
        assert (await outcomes(service))[f"r{after + 10}"] == ["started", "ok"]


async def test_nobody_takes_up_the_summary_of_another_patient_or_of_none(service: Running) -> None:
    whole = await read_all(service, 1)
    summary_id = whole[0].event.summary_id  # type: ignore[union-attr]
    for asked_id, patient_id in ((summary_id, "ben"), ("0" * 32, "ava")):
        with pytest.raises(SummaryNotFound):
            await anext(summarizer_of(service).resume(asked_id, 1, entry(2, patient_id)))


async def test_what_the_database_does_not_hold_any_more_is_not_shown_from_memory(service: Running) -> None:
    whole = await read_all(service, 1)
    summary_id = whole[0].event.summary_id  # type: ignore[union-attr]
    for table in ("summary_cache", "replays", "traces", "summaries"):
        service.change(f"DELETE FROM {table}")
    with pytest.raises(AnamnesisError, match="no summary"):
        await anext(summarizer_of(service).resume(summary_id, 1, entry(2)))
    assert service.app.state.services.runs.with_id(summary_id) is None
    assert (await read_all(service, 3))[0].lookup == "miss"
