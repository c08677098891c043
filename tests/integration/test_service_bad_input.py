"""Bad input at the service: each has its code or its honest outcome, and the next request is answered."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from core.errors import ModelUnavailable
from core.settings import LLMSettings, Settings, StateSettings
from tests.fakes.service import Running, ScriptedModel, events_of, eventually, running

pytestmark = pytest.mark.integration
MARKER = "Xenophon Marker"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path, deadline_s=5.0) as service:
        yield service
        # Whatever a test did, the next request is answered.
        assert (await service.client.post("/summarize", json={"patient_id": "ben"})).status_code == 200


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The body of a problem, once its form is checked."""
    body: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert MARKER not in answer.text
    return body


async def test_an_unknown_patient_is_not_found(service: Running) -> None:
    problem(await service.client.post("/summarize", json={"patient_id": MARKER}), 404, "patient_not_found")
    problem(await service.client.get(f"/patients/{MARKER}"), 404, "patient_not_found")
    problem(await service.client.get(f"/notes/{MARKER}"), 404, "note_not_found")
    problem(await service.client.get(f"/summaries/{'0' * 32}"), 404, "summary_not_found")


async def test_an_unknown_patient_is_not_found_over_events_either(service: Running) -> None:
    headers = {"accept": "text/event-stream"}
    answer = await service.client.post("/summarize", json={"patient_id": MARKER}, headers=headers)
    problem(answer, 404, "patient_not_found")


async def test_an_unknown_template_is_refused(service: Running) -> None:
    answer = await service.client.post("/summarize", json={"patient_id": "ava", "template": "haiku"})
    assert "handoff" in problem(answer, 422, "invalid_request")["detail"]


@pytest.mark.parametrize(
    "fields",
    [
        {"patient_id": ""},
        {"patient_id": None},
        {"patient_id": 7},
        {"patient_id": "a" * 257},
        {"patient_id": f"{MARKER}\x00"},
        {"template": f"{MARKER}"},
        {"focus": [MARKER]},
        {"focus": MARKER + "\x00"},
        {"focus": MARKER + "a" * 500},
        {"max_words": 49},
        {"max_words": 2001},
        {"max_words": "350"},
        {"max_words": True},
        {"max_words": 1e400},
        {"since": f"{MARKER}"},
        {"since": "2021-02-30"},
        {"since": "2021-02-03T25:00"},
        {"until": "20210203"},
        {"until": ""},
        {"note_types": MARKER},
        {"note_types": [""]},
        {"note_types": ["x"] * 51},
        {"require": MARKER},
        {MARKER: MARKER},
    ],
    ids=str,
)
async def test_an_absurd_field_is_refused_and_not_repeated(service: Running, fields: dict[str, Any]) -> None:
    content = orjson.dumps({"patient_id": "ava", **fields}).replace(b'"max_words":null', b'"max_words":1e999')
    answer = await service.client.post("/summarize", content=content, headers={"content-type": "application/json"})
    problem(answer, 422, "invalid_request")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"patient_id": "\\ud800"}',
        b'{"patient_id": NaN}',
        b"[" * 999,
        b'{"patient_id": "ava", "max_words": ' + b"7" * 5000 + b"}",
    ],
    ids=["nothing", "cut", "null", "list", "text", "bytes", "surrogate", "nan", "deep", "digits"],
)
async def test_a_body_that_is_no_request_is_refused(service: Running, content: bytes) -> None:
    answer = await service.client.post("/summarize", content=content, headers={"content-type": "application/json"})
    assert problem(answer, 422, "invalid_request")["detail"].startswith("body")


async def test_a_body_of_another_type_is_refused(service: Running) -> None:
    content = b'{"patient_id": "ava"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        headers = {"content-type": kind} if kind else {}
        problem(await service.client.post("/summarize", content=content, headers=headers), 422, "invalid_request")


async def test_a_megabyte_of_focus_is_refused_unread(service: Running) -> None:
    read = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal read
        yield b'{"patient_id": "ava", "focus": "'
        for _ in range(1024):
            read += 1
            yield b"x" * 1024

    headers = {"content-type": "application/json"}
    problem(await service.client.post("/summarize", content=chunks(), headers=headers), 413, "invalid_request")
    assert read < 100
    body = {"patient_id": "ava", "focus": MARKER * 70_000}
    problem(await service.client.post("/summarize", json=body), 413, "invalid_request")


async def test_a_blank_focus_is_none(service: Running) -> None:
    answer = await service.client.post("/summarize", json={"patient_id": "ava", "focus": "  \n "})
    assert "focus" not in [s["key"] for s in answer.json()["sections"]]


@pytest.mark.parametrize("window", [{"since": "2030-01-01T00:00:00Z"}, {"since": "2022-01-01", "until": "2021-01-01"}])
async def test_a_window_without_notes_finds_nothing_and_says_so(service: Running, window: dict[str, str]) -> None:
    answer = await service.client.post("/summarize", json={"patient_id": "ava", **window})
    summary = answer.json()
    assert answer.status_code == 200
    assert {s["outcome"] for s in summary["sections"]} == {"no_evidence"}
    assert summary["coverage"]["notes_considered"] == 0
    assert {s["reason"] for s in summary["coverage"]["skipped"]} <= {"before_window", "after_window"}
    assert len(summary["coverage"]["skipped"]) == summary["coverage"]["notes_total"]


@pytest.mark.parametrize(
    "path",
    [
        "/patients/",
        "/notes/",
        "/patients?limit=0",
        "/patients?limit=x",
        "/patients?q=%00",
        "/patients/%00",
        "/summaries/zzz",
        f"/patients/{'a' * 257}",
    ],
)
async def test_an_absurd_address_is_refused(service: Running, path: str) -> None:
    problem(await service.client.get(path), 422, "invalid_request")


async def test_a_cursor_that_no_page_gave_is_not_found(service: Running) -> None:
    for cursor in ("%21", "AAA", "=", MARKER):
        problem(await service.client.get(f"/patients?cursor={cursor}"), 404, "page_not_found")


async def test_an_id_of_broken_bytes_is_not_found(service: Running) -> None:
    problem(await service.client.get("/patients/%ff%fe"), 404, "patient_not_found")


async def test_an_unknown_path_or_method_is_a_problem_too(service: Running) -> None:
    problem(await service.client.get("/no/such/path"), 404, "not_found")
    answer = await service.client.get("/summarize")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


async def test_a_client_that_leaves_cancels_the_model(tmp_path: Path) -> None:
    model = ScriptedModel(delay_s=30)
    async with running(tmp_path, llm=model, deadline_s=60) as service:
        for accept in ("application/json", "text/event-stream"):
            asked, cancelled = model.asked, model.cancelled
            call = asyncio.create_task(leave_midway(service, accept, model, asked))
            await asyncio.wait_for(call, 10)

            async def given_up(asked: int = asked, cancelled: int = cancelled) -> bool:
                return model.cancelled - cancelled == model.asked - asked > 0

            # A stream's reader may come back within half a second.
            await eventually(given_up)
        assert await service.metric("anamnesis_inflight_summaries") == 0
        model.delay_s = 0
        assert (await service.client.post("/summarize", json={"patient_id": "ava"})).status_code == 200
        outcomes = [outcome for (outcome,) in service.rows("SELECT outcome FROM audit WHERE action = 'summarize'")]
        assert outcomes == ["started", "cancelled", "started", "cancelled", "started", "ok"]


async def leave_midway(service: Running, accept: str, model: ScriptedModel, asked: int) -> None:
    """Speak ASGI to the service as a client that closes the connection once the model is at work."""
    body = b'{"patient_id": "ava"}'
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await model.asked_more_than(asked)
        await asyncio.sleep(0.05)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pass

    headers = [(b"host", b"localhost"), (b"accept", accept.encode()), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/summarize", "raw_path": b"/summarize", "query_string": b""}
    await service.app({**scope, "headers": headers, "http_version": "1.1", "client": ("127.0.0.1", 1)}, receive, send)


async def test_a_model_that_is_down_leaves_an_extractive_summary(tmp_path: Path) -> None:
    async with running(tmp_path, llm=ScriptedModel(error=ModelUnavailable("down"))) as service:
        answer = await service.client.post("/summarize", json={"patient_id": "ava"})
        required = await service.client.post("/summarize", json={"patient_id": "ava", "require": "abstractive"})
    assert (answer.status_code, answer.json()["mode"]) == (200, "extractive")
    assert problem(required, 503, "model_unavailable")
    assert int(required.headers["retry-after"]) > 0


async def test_abstractive_is_refused_at_once_without_a_model(service: Running) -> None:
    answer = await service.client.post("/summarize", json={"patient_id": "ava", "require": "abstractive"})
    problem(answer, 503, "model_unavailable")
    assert await service.metric('anamnesis_rejected_total{reason="model_unavailable"}') == 1


async def test_a_slow_model_ends_at_the_deadline(tmp_path: Path) -> None:
    model = ScriptedModel(delay_s=30)
    async with running(tmp_path, llm=model, deadline_s=0.5) as service:
        answer = await service.client.post("/summarize", json={"patient_id": "ava"})
        headers = {"accept": "text/event-stream"}
        stream = await service.client.post("/summarize", json={"patient_id": "ava"}, headers=headers)
        failed = await service.metric('anamnesis_summaries_total{mode="none",outcome="failed",template="handoff"}')
        assert (await service.client.get("/readyz")).status_code == 200
    problem(answer, 504, "deadline_exceeded")
    name, data = events_of(stream.text)[-1]
    assert (stream.status_code, name, orjson.loads(data)["code"]) == (200, "error", "deadline_exceeded")
    assert model.cancelled == model.asked > 0
    assert failed == 2


@pytest.mark.parametrize("text", ["", "%%%", "[]", '{"statements": []}', "Warfarin 500 mg daily. " * 200, "\x00\ud7ff"])
async def test_a_model_that_answers_garbage_leaves_quotes(tmp_path: Path, text: str) -> None:
    async with running(tmp_path, llm=ScriptedModel(text=text)) as service:
        answer = await service.client.post("/summarize", json={"patient_id": "ava"})
        following = await service.client.post("/summarize", json={"patient_id": "ben"})
    assert (answer.status_code, answer.json()["mode"]) == (200, "extractive")
    assert following.status_code == 200
    assert "500 mg daily" not in answer.text


async def test_a_context_that_is_too_long_leaves_quotes(tmp_path: Path) -> None:
    from chains.models import ModelRejected

    async with running(tmp_path, llm=ScriptedModel(error=ModelRejected("maximum context length"))) as service:
        answer = await service.client.post("/summarize", json={"patient_id": "ava"})
    assert (answer.status_code, answer.json()["mode"]) == (200, "extractive")


async def test_an_unforeseen_failure_is_a_problem_that_tells_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path, llm=ScriptedModel(error=ZeroDivisionError(MARKER))) as service:
        answer = await service.client.post("/summarize", json={"patient_id": "ava"})
        following = await service.client.get("/patients/ava")
    problem(answer, 500, "internal_error")
    failure = next(r for r in caplog.records if r.message == "the chain failed")
    assert vars(failure)["exception"] == "ZeroDivisionError"
    assert MARKER not in caplog.text
    assert following.status_code == 200


async def test_a_model_server_that_is_not_there_is_told_by_readiness(tmp_path: Path) -> None:
    from app.factory import create_app
    from tests.fakes.charts import BEN, build_store
    from tests.fakes.service import started

    settings = Settings(
        state=StateSettings(dir=tmp_path / "state"), llm=LLMSettings(url="http://127.0.0.1:9/v1", probe_s=0.05)
    )
    app = create_app(settings, store=build_store(tmp_path / "index", BEN))
    async with started(app, tmp_path) as service:
        await asyncio.sleep(0.3)
        ready = await service.client.get("/readyz")
        answer = await service.client.post("/summarize", json={"patient_id": "ben"})
    assert (ready.status_code, ready.json()["model"]["ready"]) == (200, False)
    assert answer.json()["mode"] == "extractive"
