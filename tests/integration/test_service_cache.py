"""What was made once is not made again, unless something it depends on has changed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.factory import create_app
from chains.models import ModelState
from core.errors import ModelUnavailable
from core.settings import IndexSettings, Settings, StateSettings
from tests.fakes.charts import AVA, build_store
from tests.fakes.service import Running, ScriptedModel, events_of, eventually, running, started
from vectorstore.chart import Chart

pytestmark = pytest.mark.integration
EVENTS = {"accept": "text/event-stream"}
FRESH = {"cache-control": "max-age=0, No-Cache"}
BODY = {"patient_id": "ava"}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as service:
        yield service


async def ask(service: Running, headers: dict[str, str] | None = None, **changes: Any) -> tuple[str, str]:
    """The id of the summary that is answered, and where it came from."""
    answer = await service.client.post("/summarize", json={**BODY, **changes}, headers=headers)
    assert answer.status_code == 200, answer.text
    if headers == EVENTS:
        summary_id = orjson.loads(events_of(answer.text)[-1][1])["summary_id"]
    else:
        summary_id = answer.json()["summary_id"]
    return summary_id, answer.headers["server-timing"].removeprefix('cache;desc="').removesuffix('"')


def forget(service: Running) -> None:
    """Have the service hold nothing in memory, as after a restart or in another replica."""
    runs = service.app.state.services.runs
    for summary_id in list(runs._finished):
        runs.forget(summary_id)


@pytest.mark.parametrize("from_memory", [True, False])
async def test_the_same_request_gets_the_same_bytes_and_the_same_events(service: Running, from_memory: bool) -> None:
    first = await service.client.post("/summarize", json=BODY, headers=EVENTS)
    if not from_memory:
        forget(service)
    again = await service.client.post("/summarize", json=BODY, headers=EVENTS)
    whole = await service.client.post("/summarize", json=BODY)
    stored = await service.client.get(f"/summaries/{whole.json()['summary_id']}")
    assert events_of(again.text) == events_of(first.text)
    assert len(events_of(first.text)) > 10
    assert whole.text == events_of(first.text)[-1][1]
    assert [a.headers["server-timing"] for a in (first, again, whole)] == [
        'cache;desc="miss"',
        'cache;desc="hit"',
        'cache;desc="hit"',
    ]
    assert whole.headers["etag"] == stored.headers["etag"]
    assert service.rows("SELECT count(*) FROM summaries") == [(1,)]
    assert await service.metric('anamnesis_cache_lookups_total{result="hit"}') == 2
    assert await service.metric('anamnesis_cache_lookups_total{result="miss"}') == 1
    assert await service.metric("anamnesis_summary_seconds_count") == 1


async def test_every_reader_is_audited_like_the_first(service: Running) -> None:
    for purpose in ("round", "review"):
        await service.client.post("/summarize", json=BODY, headers={"x-purpose": purpose})
    rows = service.rows("SELECT purpose, outcome, patient_id, note_ids, summary_id FROM audit ORDER BY entry_id")
    assert [row[:2] for row in rows] == [("round", "started"), ("round", "ok"), ("review", "started"), ("review", "ok")]
    assert rows[0][2:] == rows[2][2:]
    assert rows[1][2:] == rows[3][2:]


async def test_nothing_kept_is_shown_without_an_audit_entry(service: Running) -> None:
    await ask(service)
    service.change("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    answer = await service.client.post("/summarize", json=BODY)
    assert (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable")


async def test_a_request_may_ask_for_a_fresh_one_which_then_answers_for_the_next(service: Running) -> None:
    first, _ = await ask(service)
    fresh, lookup = await ask(service, FRESH)
    assert (fresh != first, lookup) == (True, "bypassed")
    assert await ask(service) == (fresh, "hit")


async def test_another_request_is_another_summary(service: Running) -> None:
    first, _ = await ask(service)
    assert (await ask(service, max_words=349))[1] == "miss"
    assert (await ask(service, template="medications"))[1] == "miss"
    assert await ask(service) == (first, "hit")


async def test_hours_of_none_keep_nothing_for_others(tmp_path: Path) -> None:
    async with running(tmp_path, cache_hours=0) as service:
        first, _ = await ask(service)
        second, lookup = await ask(service)
        assert (first != second, lookup) == (True, "bypassed")
        assert service.rows("SELECT count(*) FROM summary_cache") == [(0,)]


async def test_what_is_too_old_is_made_anew_and_forgotten(service: Running) -> None:
    first, _ = await ask(service)
    await ask(service, patient_id="ben")
    service.change("UPDATE summary_cache SET made_at = made_at - 24 * 3600")
    second, lookup = await ask(service)
    assert (first != second, lookup) == (True, "miss")
    assert service.rows("SELECT summary_id FROM summary_cache") == [(second,)]


@pytest.mark.parametrize(("verdict", "lookup"), [("incorrect", "miss"), ("unsafe", "miss"), ("incomplete", "hit")])
async def test_a_summary_that_a_reader_called_wrong_is_not_shown_to_the_next(
    service: Running, verdict: str, lookup: str
) -> None:
    first, _ = await ask(service)
    body = {"summary_id": first, "verdict": verdict, "comment": ""}
    assert (await service.client.post("/feedback", json=body)).status_code == 201
    assert (await ask(service))[1] == lookup
    assert (await service.client.get(f"/summaries/{first}")).status_code == 200


async def test_a_verdict_on_a_copy_that_was_replaced_has_the_next_made_anew(service: Running) -> None:
    first, _ = await ask(service)
    second, _ = await ask(service, FRESH)
    await service.client.post("/feedback", json={"summary_id": first, "verdict": "unsafe", "comment": ""})
    third, lookup = await ask(service)
    assert (third in {first, second}, lookup) == (False, "miss")


async def test_another_state_of_the_chart_is_another_summary(tmp_path: Path) -> None:
    index = tmp_path / "index"
    settings = Settings(state=StateSettings(dir=tmp_path / "state"), index=IndexSettings(dir=index, poll_s=0.05))
    store = build_store(index, AVA[:1])
    async with started(create_app(settings, store=store), tmp_path / "state/state.sqlite") as service:
        first, _ = await ask(service)
        await asyncio.to_thread(build_store, index, AVA[:1])

        async def refreshed(number: int) -> bool:
            return await service.metric("anamnesis_index_generation") == number

        await eventually(lambda: refreshed(2))
        assert await ask(service) == (first, "hit")
        await asyncio.to_thread(build_store, index, AVA)
        await eventually(lambda: refreshed(3))
        assert (await ask(service))[1] == "miss"


async def test_the_model_that_answers_and_whether_it_does_are_part_of_it(tmp_path: Path) -> None:
    async with running(tmp_path, llm=ScriptedModel(text="nonsense")) as service:
        watch = service.app.state.services.model
        first, _ = await ask(service)
        watch._state = ModelState(False, None, "gone")
        assert (await ask(service))[1] == "miss"
        assert (await ask(service))[1] == "hit"
        watch._state = ModelState(True, "another", "ready")
        assert (await ask(service))[1] == "miss"
        watch._state = ModelState(True, "scripted", "ready")
        assert await ask(service) == (first, "hit")


async def test_a_summary_made_while_the_model_failed_answers_for_nobody_else(tmp_path: Path) -> None:
    model = ScriptedModel(error=ModelUnavailable("gone"))
    async with running(tmp_path, llm=model) as service:
        first, _ = await ask(service)
        model.error, model.text = None, "nonsense"
        second, lookup = await ask(service)
        assert (first != second, lookup) == (True, "miss")
        assert await ask(service) == (second, "hit")
        assert (await service.client.get(f"/summaries/{first}")).status_code == 200


async def test_a_summary_during_which_the_model_changed_answers_for_nobody_else(tmp_path: Path) -> None:
    model = ScriptedModel(text="nonsense", delay_s=0.3)
    async with running(tmp_path, llm=model) as service:
        watch = service.app.state.services.model
        call = asyncio.create_task(ask(service))
        await model.asked_more_than(0)
        watch._state = ModelState(True, "another", "ready")
        await call
        watch._state = ModelState(True, "scripted", "ready")
        assert (await ask(service))[1] == "miss"


async def test_a_model_that_goes_while_it_is_looked_up_is_not_taken_for_one_that_wrote(tmp_path: Path) -> None:
    async with running(tmp_path, llm=ScriptedModel(text="nonsense")) as service:
        watch, finder = service.app.state.services.model, service.app.state.services.finder

        async def gone(_key: str) -> None:
            watch._state = ModelState(False, None, "gone")

        finder._kept = gone
        await ask(service)
        del finder._kept
        watch._state = ModelState(True, "scripted", "ready")
        assert (await ask(service))[1] == "miss"


async def test_a_summary_with_a_section_that_failed_answers_for_nobody_else(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(Chart, "search", broken)
        answer = await service.client.post("/summarize", json=BODY)
    assert "failed" in {section["outcome"] for section in answer.json()["sections"]}
    assert service.rows("SELECT count(*) FROM summary_cache") == [(0,)]
    assert (await ask(service))[1] == "miss"


async def test_two_replicas_on_one_state_database_share_what_is_kept(tmp_path: Path) -> None:
    async with running(tmp_path) as one, running(tmp_path) as other:
        first, _ = await ask(one)
        assert await ask(other) == (first, "hit")
        fresh, _ = await ask(other, FRESH)
        assert await ask(one) == (fresh, "hit")
        body = {"summary_id": fresh, "verdict": "unsafe", "comment": ""}
        await other.client.post("/feedback", json=body)
        assert (await ask(one))[1] == "miss"
        await asyncio.gather(*(ask(s, FRESH, patient_id=p) for s in (one, other) for p in ("ava", "ben") for _ in "ab"))
        assert one.rows("SELECT count(*) FROM summary_cache") == [(2,)]
        assert one.rows("PRAGMA integrity_check") == [("ok",)]
