"""The API the page talks to, without store, chain or model: charts and streams a test can steer."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.responses import StreamingResponse

import app.pages
from tests.fakes.page_chart import Chart, cardiac_chart, cardiac_sections, hostile_chart, hostile_sections, summary_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@dataclass
class Script:
    """What the server does next; a test changes it.

    A stream is cut after `cut_after` statements, `cuts` times in all; a `forgetful` server takes none up again.
    `problems` are the answers to the next requests.
    """

    model_ready: bool = True
    problem: tuple[int, str] | None = None
    problems: list[tuple[int, str]] = field(default_factory=list)
    cut_after: int | None = None
    cuts: int = 10**6
    forgetful: bool = False
    error_event: str | None = None
    hold_after: int | None = None
    feedback: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    taken_up_after: list[str] = field(default_factory=list)
    abandoned: int = 0

    async def release(self, sent: int) -> None:
        """Wait while the test, in its own thread, holds the stream at so many statements."""
        while self.hold_after is not None and sent >= self.hold_after:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def make_page_app(script: Script) -> FastAPI:
    """The real pages over a made-up API."""
    server = FastAPI()
    charts = {c.patient_id: c for c in (cardiac_chart(), hostile_chart(), cardiac_chart("long-220", 218))}
    patients = sorted([*charts, *(f"2000{n:04d}" for n in range(60))])
    server.state.charts = charts

    @server.middleware("http")
    async def policy(request: Request, call_next: Any) -> Response:
        response = await call_next(request)
        response.headers["content-security-policy"] = POLICY
        return response

    @server.get("/patients")
    async def find(q: str = "", limit: int = 50, cursor: str = "") -> Response:
        if script.problem:
            return _problem(*script.problem)
        found = [p for p in patients if q.lower() in p.lower() and p > cursor]
        return _json(
            {
                "patients": [_row(p, charts.get(p)) for p in found[:limit]],
                "next": found[limit - 1] if len(found) > limit else None,
            }
        )

    @server.get("/patients/{patient_id:path}")
    async def patient(patient_id: str) -> Response:
        if patient_id not in charts:
            return _problem(404, "patient_not_found")
        chart = charts[patient_id]
        headers = [{k: v for k, v in n.items() if k != "text"} | {"characters": len(n["text"])} for n in chart.notes]
        return _json({"patient_id": patient_id, "notes": headers, "quarantined": 2, "skipped": []})

    @server.get("/notes/{note_id:path}")
    async def note(note_id: str) -> Response:
        found = [n for chart in charts.values() for n in chart.notes if n["note_id"] == note_id]
        return _json(found[0]) if found else _problem(404, "note_not_found")

    @server.get("/summaries/{summary_id:path}")
    async def stored(summary_id: str) -> Response:
        chart = charts["10001217"]
        return _json(summary_of(chart, _sections(chart, script)) | {"summary_id": summary_id})

    @server.post("/summarize")
    async def summarize(request: Request) -> Response:
        body = await request.json()
        script.requests.append(body)
        if script.problems:
            return _problem(*script.problems.pop(0))
        if script.problem:
            return _problem(*script.problem)
        chart = charts[body["patient_id"]]
        whole = summary_of(chart, _sections(chart, script), body["template"])
        last = request.headers.get("last-event-id", "")
        if last:
            script.taken_up_after.append(last)
        if last and script.forgetful:
            whole, last = {**whole, "summary_id": f"{len(script.taken_up_after):032x}"}, ""
        after = int(last.rpartition("-")[2]) if last else 0
        return StreamingResponse(_stream(whole, script, after), media_type="text/event-stream")

    @server.post("/feedback", status_code=201)
    async def feedback(request: Request) -> Response:
        script.feedback.append(await request.json())
        return Response(status_code=201)

    @server.get("/readyz")
    async def ready() -> Response:
        return _json(
            {"index": {"generation": 3}, "model": {"ready": script.model_ready, "name": "smollm2", "detail": ""}}
        )

    server.include_router(app.pages.router)
    server.mount("/static", StaticFiles(directory=Path(app.pages.__file__).parent / "static"))
    return server


def _sections(chart: Chart, script: Script) -> list[dict[str, Any]]:
    return hostile_sections(chart) if "<b>" in chart.notes[0]["note_type"] else cardiac_sections(chart)


async def _stream(whole: dict[str, Any], script: Script, after: int) -> AsyncIterator[bytes]:
    try:
        yield b"retry: 10\r\n\r\n"
        sent = 0
        for number, (name, data) in enumerate(_events(whole), 1):
            if name == "statement":
                await script.release(sent)
                if script.cuts and script.cut_after is not None and sent >= script.cut_after:
                    script.cuts -= 1
                    if script.error_event:
                        yield _event("error", {"code": script.error_event, "detail": "", "status": 503})
                    return
                sent += 1
            if number > after:
                yield _event(name, data, f"{whole['summary_id']}-{number}")
    except asyncio.CancelledError:
        script.abandoned += 1
        raise


def _events(whole: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    previews = [{"key": s["key"], "title": s["title"]} for s in whole["sections"]]
    considered = whole["coverage"]["notes_considered"]
    yield "evidence", {"summary_id": whole["summary_id"], "sections": previews, "notes_considered": considered}
    for part in whole["sections"]:
        for statement in part["statements"]:
            yield "statement", {"section": part["key"], **statement}
        yield "section", {"key": part["key"], "outcome": part["outcome"]}
    yield "summary", whole


def _event(name: str, data: Any, event_id: str = "") -> bytes:
    head = f"id: {event_id}\r\n".encode() if event_id else b""
    return head + b"event: " + name.encode() + b"\r\ndata: " + orjson.dumps(data) + b"\r\n\r\n: keep-alive\n\n"


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status_code=status, media_type="application/json")


def _problem(status: int, code: str) -> Response:
    body = orjson.dumps({"type": "about:blank", "title": code, "status": status, "code": code, "detail": ""})
    return Response(
        body,
        status_code=status,
        media_type="application/problem+json",
        headers={"retry-after": "2"} if status in (429, 503) else {},
    )


def _row(patient_id: str, chart: Chart | None) -> dict[str, Any]:
    dates = (
        [n["charted_at"] for n in chart.notes if n["charted_at"]] if chart else ["2150-01-01", "2151-02-03T10:00:00"]
    )
    return {
        "patient_id": patient_id,
        "notes": len(chart.notes) if chart else 7,
        "first_charted_at": dates[0],
        "last_charted_at": dates[-1],
    }
