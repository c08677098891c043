"""Summaries over HTTP: as JSON, as events, and again later."""

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from tests.fakes.charts import AVA
from tests.fakes.service import SPACE, Running, ScriptedModel, events_of, running

pytestmark = pytest.mark.integration
EVENTS = {"accept": "text/event-stream"}
TEXTS = {note.note_id: note.text for note in AVA}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as service:
        yield service


async def test_every_citation_of_a_summary_is_the_notes_own_words(service: Running) -> None:
    answer = await service.client.post("/summarize", json={"patient_id": "ava"})
    summary = answer.json()
    citations = [c for s in summary["sections"] for statement in s["statements"] for c in statement["citations"]]
    assert (answer.status_code, summary["mode"]) == (200, "extractive")
    assert len(citations) > 5
    assert all(TEXTS[c["note_id"]][c["start"] : c["end"]] == c["quote"] for c in citations)


async def test_a_quote_resolves_against_the_note_the_service_serves(service: Running) -> None:
    summary = (await service.client.post("/summarize", json={"patient_id": "ava"})).json()
    citation = summary["sections"][0]["statements"][0]["citations"][0]
    note = (await service.client.get(f"/notes/{citation['note_id']}")).json()
    assert note["text"][citation["start"] : citation["end"]] == citation["quote"]


async def test_events_come_in_order_and_end_with_the_whole_summary(service: Running) -> None:
    answer = await service.client.post("/summarize", json={"patient_id": "ava"}, headers=EVENTS)
    events = events_of(answer.text)
    names = [name for name, _ in events]
    summary = orjson.loads(events[-1][1])
    shown = [statement for s in summary["sections"] for statement in s["statements"]]
    streamed = [orjson.loads(data) for name, data in events if name == "statement"]
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"
    assert (names[0], names[-1]) == ("evidence", "summary")
    assert names.count("section") == len(summary["sections"])
    assert sorted(s["statement_id"] for s in streamed) == sorted(s["statement_id"] for s in shown)
    assert orjson.loads(events[0][1])["summary_id"] == summary["summary_id"]
    assert set(orjson.loads(events[0][1])) == {"summary_id", "sections", "notes_considered"}


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/xml", "application/json"),
        ("text/event-stream, application/json", "application/json"),
        ("text/event-stream;q=0.5, application/json;q=0.9", "application/json"),
        ("text/event-stream, application/json;q=0.9", "text/event-stream"),
        ("text/event-stream;q=0", "application/json"),
    ],
)
async def test_the_form_follows_the_accept_header(service: Running, accept: str, form: str) -> None:
    answer = await service.client.post("/summarize", json={"patient_id": "ben"}, headers={"accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == form


async def test_a_summary_is_read_again_byte_for_byte(service: Running) -> None:
    made = await service.client.post("/summarize", json={"patient_id": "ava"})
    path = f"/summaries/{made.json()['summary_id']}"
    again = await service.client.get(path)
    unchanged = await service.client.get(path, headers={"if-none-match": f'W/"x", {again.headers["etag"]}'})
    assert again.content == made.content
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["etag"] == again.headers["etag"]


async def test_the_streamed_summary_is_the_stored_one(service: Running) -> None:
    answer = await service.client.post("/summarize", json={"patient_id": "ava"}, headers=EVENTS)
    data = events_of(answer.text)[-1][1]
    stored = await service.client.get(f"/summaries/{orjson.loads(data)['summary_id']}")
    assert stored.text == data


async def test_ids_with_slashes_and_emoji_work_everywhere(service: Running) -> None:
    from urllib.parse import quote

    patient, note = quote(SPACE.patient_id, safe=""), quote(SPACE.note_id, safe="")
    chart = await service.client.get(f"/patients/{patient}")
    text = await service.client.get(f"/notes/{note}")
    summary = await service.client.post("/summarize", json={"patient_id": SPACE.patient_id})
    found = await service.client.get("/patients", params={"q": "🫀"})
    assert chart.json()["notes"][0]["note_id"] == SPACE.note_id
    assert text.json()["text"] == SPACE.text
    assert summary.json()["patient_id"] == SPACE.patient_id
    assert [p["patient_id"] for p in found.json()["patients"]] == [SPACE.patient_id]


async def test_patients_are_listed_page_by_page(service: Running) -> None:
    first = (await service.client.get("/patients", params={"limit": 2})).json()
    second = (await service.client.get("/patients", params={"limit": 2, "cursor": first["next"]})).json()
    assert [p["patient_id"] for p in first["patients"] + second["patients"]] == ["ava", "ben", SPACE.patient_id]
    assert second["next"] is None


async def test_feedback_is_kept_with_its_statement(service: Running) -> None:
    summary = (await service.client.post("/summarize", json={"patient_id": "ava"})).json()
    statement_id = summary["sections"][0]["statements"][0]["statement_id"]
    body = {"summary_id": summary["summary_id"], "statement_id": statement_id, "verdict": "incorrect", "comment": "no"}
    answer = await service.client.post("/feedback", json=body)
    other = await service.client.post("/feedback", json={**body, "statement_id": "no-such"})
    assert answer.status_code == 201
    assert (other.status_code, other.json()["code"]) == (404, "summary_not_found")
    assert service.rows("SELECT feedback_id, statement_id, verdict, comment, caller FROM feedback") == [
        (answer.json()["feedback_id"], statement_id, "incorrect", "no", "local")
    ]


async def test_a_handed_in_model_is_asked(tmp_path: Path) -> None:
    model = ScriptedModel(text="nonsense")
    async with running(tmp_path, llm=model) as service:
        ready = (await service.client.get("/readyz")).json()
        answer = await service.client.post("/summarize", json={"patient_id": "ava"})
    assert ready["model"]["ready"]
    assert answer.status_code == 200
    assert model.asked > 0


async def test_series_count_what_was_answered(service: Running) -> None:
    await service.client.post("/summarize", json={"patient_id": "ava"})
    await service.client.post("/summarize", json={"patient_id": "nobody"})
    ok = 'anamnesis_summaries_total{mode="extractive",outcome="ok",template="handoff"}'
    refused = 'anamnesis_summaries_total{mode="none",outcome="refused",template="handoff"}'
    assert (await service.metric(ok), await service.metric(refused)) == (1, 1)
    assert await service.metric("anamnesis_summary_seconds_count") == 1
    assert await service.metric("anamnesis_index_notes") == 5
    assert await service.metric("anamnesis_index_checked_timestamp_seconds") >= 1_000_000
    assert await service.metric("anamnesis_inflight_summaries") == 0
