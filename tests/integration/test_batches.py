"""Many summaries asked for at once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.auth.keys import make_key
from tests.fakes.service import Running, ScriptedModel, eventually, running

pytestmark = pytest.mark.integration
PATH = "/summarize/batch"
TEMPLATES = ("handoff", "problem_list", "medications", "discharge")
MANY = [{"patient_id": patient, "template": t} for patient in ("ava", "ben") for t in TEMPLATES]


async def submit(service: Running, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = await service.client.post(PATH, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{PATH}/{answer.json()['batch_id']}"
    return answer.json()


async def progress(service: Running, batch_id: str) -> dict[str, Any]:
    return (await service.client.get(f"{PATH}/{batch_id}")).json()


async def is_over(service: Running, batch_id: str) -> bool:
    return (await progress(service, batch_id))["state"] != "running"


async def finished(service: Running, batch_id: str) -> dict[str, Any]:
    await eventually(partial(is_over, service, batch_id), within_s=60)
    return await progress(service, batch_id)


async def made(service: Running, batch_id: str, at_least: int) -> bool:
    return (await progress(service, batch_id))["counts"]["ok"] >= at_least


def summaries(service: Running) -> int:
    return service.rows("SELECT count(*) FROM summaries")[0][0]


async def test_each_item_ends_in_a_summary_that_can_be_read_by_its_id(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        batch = await submit(service, {"requests": MANY}, x_purpose="night list")
        done = await finished(service, batch["batch_id"])
        answers = [await service.client.get(f"/summaries/{i['summary_id']}") for i in done["items"]]
        audited = service.rows("SELECT action, request_id, purpose, outcome, caller FROM audit ORDER BY entry_id")
        counted = await service.metric('anamnesis_batch_summaries_total{outcome="ok"}')
    assert (batch["state"], batch["counts"]["pending"]) == ("running", 8)
    assert (done["state"], done["counts"]["ok"], counted) == ("done", 8, 8)
    assert done["finished_at"] >= done["created_at"]
    assert [(a.json()["patient_id"], a.json()["template"]) for a in answers] == [
        (r["patient_id"], r["template"]) for r in MANY
    ]
    of_third = [row for row in audited if row[1] == f"{batch['batch_id']}-3"]
    assert [row[3] for row in of_third] == ["started", "ok"]
    assert {(row[2], row[4]) for row in of_third} == {("night list", "local")}
    assert audited[0][0] == "submit_batch"


async def test_bad_items_fail_alone_each_with_its_code(tmp_path: Path) -> None:
    requests = [
        {"patient_id": "nobody"},
        {"patient_id": "ava", "template": "horoscope"},
        {"patient_id": "ava", "max_words": "many", "since": "yesterday"},
        {"template": "handoff"},
        {"patient_id": "ava", "require": "abstractive"},
        {"patient_id": "ava\u0000", "colour": "red"},
        1,
        [{"patient_id": "ava"}],
        None,
        {"patient_id": "ben"},
    ]
    async with running(tmp_path) as service:
        with no_pauses():
            batch = await submit(service, {"requests": requests})
            done = await finished(service, batch["batch_id"])
        failed = await service.metric('anamnesis_batch_summaries_total{outcome="failed"}')
    assert [i["error"] and i["error"]["code"] for i in done["items"]] == [
        "patient_not_found",
        "invalid_request",
        "invalid_request",
        "invalid_request",
        "model_unavailable",
        "invalid_request",
        *["invalid_request"] * 3,
        None,
    ]
    assert "max_words" in done["items"][2]["error"]["detail"]
    assert "yesterday" not in done["items"][2]["error"]["detail"]
    assert {i["error"]["detail"] for i in done["items"][6:9]} == {"this is no JSON object"}
    assert [i["state"] for i in done["items"]] == ["failed"] * 9 + ["ok"]
    assert failed == 9


@contextmanager
def no_pauses() -> Iterator[None]:
    """What is tried again is tried at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.batch.making._LONGEST_PAUSE_S", 0.0)
        yield


async def test_patients_can_be_named_once_with_what_they_share(tmp_path: Path) -> None:
    body = {"patient_ids": ["ava", "ben", "", 7], "template": "medications", "max_words": 100}
    async with running(tmp_path) as service:
        done = await finished(service, (await submit(service, body))["batch_id"])
        first = (await service.client.get(f"/summaries/{done['items'][0]['summary_id']}")).json()
    assert [i["state"] for i in done["items"]] == ["ok", "ok", "failed", "failed"]
    assert (first["patient_id"], first["template"]) == ("ava", "medications")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"requests": []},
        {"requests": MANY, "patient_ids": ["ava"]},
        {"requests": MANY, "template": "handoff"},
        {"requests": [{"patient_id": "ava"}] * 501},
        {"patient_ids": ["ava"], "max_words": 3},
        {"patient_ids": ["ava"], "colour": "red"},
        {"requests": "ava"},
    ],
)
async def test_a_body_that_is_no_batch_is_refused_whole(tmp_path: Path, body: dict[str, Any]) -> None:
    async with running(tmp_path) as service:
        answer = await service.client.post(PATH, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
        assert service.rows("SELECT count(*) FROM batches") == [(0,)]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["body.patient_ids"]),
        ({"requests": []}, ["body.requests"]),
        ({"requests": MANY, "colour": "red"}, ["body.(unknown field)"]),
        ({"patient_ids": ["ava"], "max_words": 3}, ["body.max_words"]),
        ([1], ["body"]),
    ],
)
async def test_what_is_wrong_is_told_by_the_name_of_the_field(tmp_path: Path, body: Any, fields: list[str]) -> None:
    async with running(tmp_path) as service:
        answer = await service.client.post(PATH, json=body)
    assert [error["field"] for error in answer.json()["errors"]] == fields


async def test_a_large_batch_may_be_larger_than_other_requests(tmp_path: Path) -> None:
    focus = "q" * 400
    async with running(tmp_path) as service:
        large = {"requests": [{"patient_id": "nobody", "focus": focus}] * 500}
        batch = await submit(service, large)
        too_large = await service.client.post("/summarize", json={"patient_id": "ava", "focus": focus * 500})
        await service.client.delete(f"{PATH}/{batch['batch_id']}")
    assert too_large.status_code == 413


async def test_the_same_idempotency_key_stands_for_the_same_batch(tmp_path: Path) -> None:
    body = {"patient_ids": ["ava", "ben"]}
    async with running(tmp_path) as service:
        first = await submit(service, body, idempotency_key="night of the 21st")
        second = await submit(service, body, idempotency_key="night of the 21st")
        other = await service.client.post(
            PATH, json={"patient_ids": ["ava"]}, headers={"idempotency-key": "night of the 21st"}
        )
        third = await submit(service, body, idempotency_key="another night")
        await finished(service, first["batch_id"])
        assert service.rows("SELECT count(*) FROM batches") == [(2,)]
    assert first["batch_id"] == second["batch_id"] != third["batch_id"]
    assert (other.status_code, other.json()["code"]) == (422, "invalid_request")
    assert "night of" not in str(service.rows("SELECT * FROM batches"))


async def test_what_is_not_made_can_be_taken_back(tmp_path: Path) -> None:
    model = ScriptedModel(delay_s=60)
    async with running(tmp_path, llm=model, max_inflight=4) as service:
        batch = await submit(service, {"requests": MANY})
        await model.asked_more_than(0)
        under_way = await progress(service, batch["batch_id"])
        waiting = await service.metric("anamnesis_batch_waiting")
        cancelled = (await service.client.delete(f"{PATH}/{batch['batch_id']}")).json()
        again = (await service.client.delete(f"{PATH}/{batch['batch_id']}")).json()
        inflight = await service.metric("anamnesis_inflight_summaries")
        left = await service.metric("anamnesis_batch_waiting")
        counted = await service.metric('anamnesis_batch_summaries_total{outcome="cancelled"}')
    assert under_way["counts"]["running"] > 0
    assert (waiting, left) == (8, 0)
    assert (cancelled["state"], cancelled["counts"]["cancelled"]) == ("cancelled", 8)
    assert (again, inflight, counted) == (cancelled, 0, 8)
    assert model.cancelled == model.asked


async def test_a_batch_leaves_a_place_for_one_who_waits_at_a_screen(tmp_path: Path) -> None:
    model = ScriptedModel(delay_s=60)
    async with running(tmp_path, llm=model, max_inflight=4) as service:
        batch = await submit(service, {"requests": MANY})
        await eventually(partial(metric_is, service, "anamnesis_inflight_summaries", 3), within_s=60)
        asking = asyncio.create_task(service.client.post("/summarize", json={"patient_id": "ben", "focus": "gout"}))
        given = 'anamnesis_queue_seconds_count{priority="interactive"}'
        await eventually(partial(metric_is, service, given, 1), within_s=60)
        asking.cancel()
        await service.client.delete(f"{PATH}/{batch['batch_id']}")


async def metric_is(service: Running, series: str, value: float) -> bool:
    return await service.metric(series) == value


async def test_a_restart_goes_on_where_it_was_and_makes_nothing_twice(tmp_path: Path) -> None:
    async with running(tmp_path, llm=ScriptedModel(delay_s=0.05), max_inflight=2) as service:
        batch_id = (await submit(service, {"requests": MANY}))["batch_id"]
        await eventually(partial(made, service, batch_id, 3), within_s=60)
    before = dict(service.rows("SELECT position, summary_id FROM batch_items WHERE state = 'ok'"))
    async with running(tmp_path, llm=ScriptedModel(), max_inflight=2) as service:
        done = await finished(service, batch_id)
        twice = summaries(service)
    after = {i["position"]: i["summary_id"] for i in done["items"]}
    assert 3 <= len(before) < len(MANY)
    assert (done["state"], done["counts"]["ok"], twice) == ("done", 8, 8)
    assert before.items() <= after.items()


async def test_what_was_kept_but_not_entered_before_the_process_ended_is_found_again(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        batch_id = (await submit(service, {"requests": MANY}))["batch_id"]
        first = await finished(service, batch_id)
    # As a process leaves it that is killed between keeping a summary and entering it into the batch.
    service.change("UPDATE batch_items SET state = 'pending', summary_id = NULL WHERE position IN (1, 4)")
    service.change("UPDATE batches SET state = 'running', finished_at = NULL")
    async with running(tmp_path) as service:
        second = await finished(service, batch_id)
        assert summaries(service) == 8
    assert second["items"] == first["items"]


async def test_what_was_kept_before_it_could_be_taken_back_is_entered(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        batch_id = (await submit(service, {"requests": MANY[:2]}))["batch_id"]
        done = await finished(service, batch_id)
        service.change("UPDATE batch_items SET state = 'pending', summary_id = NULL WHERE position = 1")
        service.change("UPDATE batches SET state = 'running', finished_at = NULL")
        taken_back = (await service.client.delete(f"{PATH}/{batch_id}")).json()
    assert taken_back["items"] == done["items"]
    assert taken_back["state"] == "done"


async def test_a_batch_is_its_callers_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        batch_id = (await submit(service, {"patient_ids": ["ava"]}))["batch_id"]
        await finished(service, batch_id)
        service.change("UPDATE batches SET caller = 'somebody else'")
        answers = [await call(f"{PATH}/{batch_id}") for call in (service.client.get, service.client.delete)]
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(404, "batch_not_found")}


async def test_a_finished_batch_is_forgotten_after_its_days_and_its_summaries_are_not(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        batch_id = (await submit(service, {"patient_ids": ["ava"]}))["batch_id"]
        done = await finished(service, batch_id)
        service.change("UPDATE batches SET finished_at = '2020-01-01T00:00:00.000+00:00'")
        await submit(service, {"patient_ids": ["nobody"]})
        gone = await service.client.get(f"{PATH}/{batch_id}")
        summary: httpx.Response = await service.client.get(f"/summaries/{done['items'][0]['summary_id']}")
    assert (gone.status_code, summary.status_code) == (404, 200)


async def test_a_batch_of_a_caller_whose_key_was_taken_away_is_not_gone_on_with(tmp_path: Path) -> None:
    async with running(tmp_path, llm=ScriptedModel(delay_s=60)) as service:
        batch_id = (await submit(service, {"patient_ids": ["ava", "ben"]}))["batch_id"]
    _, key_hash = make_key("day")
    with_keys = {"api_keys": {"day": key_hash}, "session_secret": "s" * 32}
    model = ScriptedModel()
    async with running(tmp_path, llm=model, **with_keys) as service:

        async def cancelled() -> bool:
            return service.rows("SELECT state FROM batches") == [("cancelled",)]

        await eventually(cancelled, within_s=60)
        states = service.rows("SELECT state FROM batch_items WHERE batch_id = ?", batch_id)
    assert states == [("cancelled",)] * 2
    assert model.asked == 0


async def test_a_batch_that_cannot_be_written_down_is_not_begun(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        service.change("DROP TABLE batch_items")
        answer = await service.client.post(PATH, json={"patient_ids": ["ava"]})
        assert (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable")
        assert service.rows("SELECT count(*) FROM batches") == [(0,)]
        assert service.rows("SELECT count(*) FROM audit") == [(0,)]
