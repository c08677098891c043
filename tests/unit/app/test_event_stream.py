"""Server-sent events on the wire."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import orjson
import pytest

from app.event_stream import EventStream, format_event
from core.errors import ModelUnavailable
from core.records import Citation, EvidenceEvent, SectionEvent, SectionPreview, Statement, StatementEvent
from core.telemetry import Metrics
from tests.fakes.service import events_of

EVIDENCE = EvidenceEvent("s1", (SectionPreview("a", "A"),), 2, ("n1", "n2"))


async def send_all(rest: AsyncGenerator[Any], *, ping_s: float = 15.0, leave_after_s: float = 60.0) -> str:
    """What a client reads that leaves after so many seconds."""
    sent: list[bytes] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(leave_after_s)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    stream = EventStream(EVIDENCE, rest, request_id="r1", metrics=Metrics(), ping_s=ping_s)
    await stream({}, receive, send)
    return b"".join(sent).decode()


@pytest.mark.parametrize(
    "awkward", ["a\nb", "a\r\nb", "a\u2028b", "a\x85b", "a\x0bb", "data: x\n\nevent: y", "🫀\u0000"]
)
def test_an_event_is_one_line_of_data_whatever_the_text(awkward: str) -> None:
    statement = Statement("a-1", awkward, "quoted", (Citation("n", "t", None, "", 0, 1, awkward),))
    block = format_event(StatementEvent("a", statement)).decode()
    assert [line for line in block.split("\n") if line] == block.strip("\n").split("\n")
    ((name, data),) = events_of(block)
    fields = orjson.loads(data)
    assert (name, fields["section"], fields["text"], fields["citations"][0]["quote"]) == (
        "statement",
        "a",
        awkward,
        awkward,
    )


def test_the_evidence_event_does_not_list_the_notes() -> None:
    ((_, data),) = events_of(format_event(EVIDENCE).decode())
    assert orjson.loads(data) == {"summary_id": "s1", "sections": [{"key": "a", "title": "A"}], "notes_considered": 2}


async def test_an_error_is_the_last_event() -> None:
    async def rest() -> AsyncGenerator[Any]:
        yield SectionEvent("a", "ok")
        raise ModelUnavailable("gone")

    events = events_of(await send_all(rest()))
    problem = orjson.loads(events[-1][1])
    assert [name for name, _ in events] == ["evidence", "section", "error"]
    assert (problem["status"], problem["code"], problem["request_id"]) == (503, "model_unavailable", "r1")


async def test_an_unforeseen_error_is_told_and_logged_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    async def rest() -> AsyncGenerator[Any]:
        yield SectionEvent("a", "ok")
        raise TypeError("patient text")

    text = await send_all(rest())
    problem = orjson.loads(events_of(text)[-1][1])
    assert (problem["status"], problem["code"]) == (500, "internal_error")
    assert "patient text" not in text
    assert [(r.message, vars(r)["exception"]) for r in caplog.records] == [("the stream failed", "TypeError")]


async def test_silence_is_filled_with_comments() -> None:
    async def rest() -> AsyncGenerator[Any]:
        await asyncio.sleep(0.05)
        yield SectionEvent("a", "ok")

    text = await send_all(rest(), ping_s=0.01)
    assert text.count(": ping\n\n") >= 2
    assert [name for name, _ in events_of(text)] == ["evidence", "section"]


async def test_a_client_that_leaves_ends_the_work() -> None:
    ended = asyncio.Event()

    async def rest() -> AsyncGenerator[Any]:
        try:
            await asyncio.sleep(60)
            yield SectionEvent("a", "ok")
        finally:
            ended.set()

    await asyncio.wait_for(send_all(rest(), leave_after_s=0.02), 1)
    assert ended.is_set()
