"""Every reading of a chart is on disk before the answer goes out."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from app.audit.__main__ import main as list_audit
from tests.fakes.service import Running, events_of, running

pytestmark = pytest.mark.integration
EVENTS = {"accept": "text/event-stream"}
FULL_DISK = "CREATE TRIGGER full_disk BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END"
COLUMNS = "action, caller, patient_id, purpose, note_ids, outcome"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as service:
        yield service


async def test_each_reading_leaves_who_what_for_and_which_notes(service: Running) -> None:
    purpose = {"x-purpose": "morbidity review"}
    await service.client.get("/patients/ben", headers=purpose)
    await service.client.get("/notes/ben/n1")
    summary = (await service.client.post("/summarize", json={"patient_id": "ben"}, headers=purpose)).json()
    await service.client.get(f"/summaries/{summary['summary_id']}")
    assert service.rows(f"SELECT {COLUMNS} FROM audit ORDER BY entry_id") == [
        ("view_chart", "local", "ben", "morbidity review", '["ben/n1"]', "ok"),
        ("read_note", "local", "ben", "unspecified", '["ben/n1"]', "ok"),
        ("summarize", "local", "ben", "morbidity review", '["ben/n1"]', "started"),
        ("summarize", "local", "ben", "morbidity review", '["ben/n1"]', "ok"),
        ("read_summary", "local", "ben", "unspecified", '["ben/n1"]', "ok"),
    ]


async def test_attempts_that_fail_are_written_down_too(service: Running) -> None:
    await service.client.get("/patients/nobody")
    await service.client.get("/notes/nothing")
    await service.client.post("/summarize", json={"patient_id": "nobody"})
    await service.client.get("/patients/ava", headers={"host": "evil.example"})
    assert service.rows("SELECT caller, action, patient_id, outcome, target FROM audit ORDER BY entry_id") == [
        ("local", "view_chart", "nobody", "patient_not_found", None),
        ("local", "read_note", None, "note_not_found", None),
        ("local", "summarize", "nobody", "patient_not_found", None),
        ("anonymous", "access", None, "denied: forbidden", "GET /patients/ava"),
    ]


async def test_a_flood_of_strangers_does_not_fill_the_log(service: Running) -> None:
    for _ in range(70):
        assert (await service.client.get("/patients/ava", headers={"host": "evil.example"})).status_code == 403
    assert service.rows("SELECT count(*) FROM audit") == [(60,)]
    assert await service.metric('anamnesis_rejected_total{reason="forbidden"}') == 70
    await service.client.get("/patients/ava")
    assert service.rows("SELECT count(*) FROM audit") == [(61,)]


@pytest.mark.parametrize("path", ["/patients", "/patients/ava", "/notes/ava/n1"])
async def test_nothing_is_shown_when_it_cannot_be_written_down(service: Running, path: str) -> None:
    service.change(FULL_DISK)
    answer = await service.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable")
    assert "ava/n1" not in answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert await service.metric('anamnesis_rejected_total{reason="audit_unavailable"}') == 1
    service.change("DROP TRIGGER full_disk")
    assert (await service.client.get(path)).status_code == 200


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_no_summary_is_shown_when_its_start_cannot_be_written_down(service: Running, accept: str) -> None:
    service.change(FULL_DISK)
    answer = await service.client.post("/summarize", json={"patient_id": "ava"}, headers={"accept": accept})
    assert (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable")


async def test_a_stream_ends_in_an_error_when_its_end_cannot_be_written_down(service: Running) -> None:
    service.change(FULL_DISK.replace("ON audit", "ON audit WHEN NEW.outcome = 'ok'"))
    answer = await service.client.post("/summarize", json={"patient_id": "ava"}, headers=EVENTS)
    events = events_of(answer.text)
    assert "summary" not in [name for name, _ in events]
    assert (events[-1][0], orjson.loads(events[-1][1])["code"]) == ("error", "audit_unavailable")
    assert service.rows("SELECT count(*) FROM summaries") == [(0,)]


async def test_a_stored_summary_is_not_shown_without_an_entry(service: Running) -> None:
    made = (await service.client.post("/summarize", json={"patient_id": "ava"})).json()
    service.change(FULL_DISK)
    answer = await service.client.get(f"/summaries/{made['summary_id']}")
    assert (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable")


async def test_the_log_cannot_be_rewritten(service: Running) -> None:
    import sqlite3

    await service.client.get("/patients/ava")
    for change in ("UPDATE audit SET caller = 'x'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            service.change(change)


async def test_the_entry_is_there_when_the_first_event_leaves(service: Running) -> None:
    async with service.client.stream("POST", "/summarize", json={"patient_id": "ava"}, headers=EVENTS) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("event: evidence"):
                break
    assert ("started",) in service.rows("SELECT outcome FROM audit")


async def test_a_purpose_of_control_characters_is_refused(service: Running) -> None:
    for purpose in ("", " ", "x" * 121, "a\tb"):
        answer = await service.client.get("/patients/ava", headers={"x-purpose": purpose})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_the_log_is_listed_by_patient_and_day(
    service: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await service.client.get("/patients/ava")
    await service.client.get("/patients/ben")
    monkeypatch.setenv("ANAMNESIS_STATE__DIR", str(service.state_file.parent))
    assert list_audit(["--patient", "ben"]) == 0
    (row,) = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["patient_id"], row["note_ids"], row["outcome"]) == ("ben", ["ben/n1"], "ok")
    assert list_audit(["--since", "2999-01-01"]) == 0
    assert capsys.readouterr().out == ""


def test_listing_without_a_log_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANAMNESIS_STATE__DIR", str(tmp_path))
    assert list_audit([]) == 2
    assert str(tmp_path) in capsys.readouterr().err


async def test_logs_and_series_carry_no_id_and_no_text(service: Running, caplog: pytest.LogCaptureFixture) -> None:
    from core.telemetry import JsonFormatter

    caplog.set_level(logging.DEBUG)
    focus = {"patient_id": "ben", "focus": "xylophone"}
    await service.client.post("/summarize", json=focus)
    await service.client.post("/summarize", json=focus, headers=EVENTS)
    await service.client.get("/patients/ben", params={"x": "xylophone"})
    await service.client.get("/notes/ben/n1")
    await service.client.get("/notes/xylophone")
    ours = [r for r in caplog.records if not r.name.startswith(("httpx", "httpcore"))]
    written = "\n".join(JsonFormatter().format(r) for r in ours)
    assert "/notes/{note_id:path}" in written
    for secret in ("xylophone", "ben/n1", "albuterol", '"ben"'):
        assert secret not in written
        assert secret not in (await service.client.get("/metrics")).text
