"""Server-sent events on the wire."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import orjson
import pytest

from app.event_stream import EventStream, format_frame
from app.frames import Frame, encode_event
from core.errors import ModelUnavailable, Overloaded
from core.records import Citation, EvidenceEvent, SectionPreview, Statement, StatementEvent
from core.telemetry import Metrics
from tests.fakes.service import events_of

EVIDENCE = EvidenceEvent("s1", (SectionPreview("a", "A"),), 2, ("n1", "n2"))
FIRST, SECOND = Frame("evidence", b"{}", "s1-1"), Frame("section", b'{"key":"a"}', "s1-2")


async def messages_of(
    frames: AsyncGenerator[Frame], *, ping_s: float = 15.0, leave_after_s: float = 60.0
) -> list[dict[str, Any]]:
    """What is sent to a client that leaves after so many seconds."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(leave_after_s)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await EventStream(frames, request_id="r1", metrics=Metrics(), ping_s=ping_s)({"type": "http"}, receive, send)
    return sent


async def send_all(frames: AsyncGenerator[Frame], **options: float) -> str:
    """What such a client reads."""
    return b"".join(m.get("body", b"") for m in await messages_of(frames, **options)).decode()


@pytest.mark.parametrize(
    "awkward", ["a\nb", "a\r\nb", "a\u2028b", "a\x85b", "a\x0bb", "data: x\n\nevent: y", "🫀\u0000"]
)
def test_an_event_is_one_line_of_data_whatever_the_text(awkward: str) -> None:
    statement = Statement("a-1", awkward, "quoted", (Citation("n", "t", None, "", 0, 1, awkward),))
    block = format_frame(Frame(*encode_event(StatementEvent("a", statement)))).decode()
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
    _, data = encode_event(EVIDENCE)
    assert orjson.loads(data) == {"summary_id": "s1", "sections": [{"key": "a", "title": "A"}], "notes_considered": 2}


async def test_a_stream_says_when_to_come_back_and_each_event_where_from() -> None:
    async def frames() -> AsyncGenerator[Frame]:
        yield FIRST
        yield SECOND

    assert await send_all(frames()) == (
        'retry: 250\n\nid: s1-1\nevent: evidence\ndata: {}\n\nid: s1-2\nevent: section\ndata: {"key":"a"}\n\n'
    )


async def test_an_error_is_the_last_event_and_has_no_id() -> None:
    async def frames() -> AsyncGenerator[Frame]:
        yield FIRST
        yield SECOND
        raise ModelUnavailable("gone")

    text = await send_all(frames())
    events = events_of(text)
    problem = orjson.loads(events[-1][1])
    assert [name for name, _ in events] == ["evidence", "section", "error"]
    assert (problem["status"], problem["code"], problem["request_id"]) == (503, "model_unavailable", "r1")
    assert text.count("id: ") == 2


async def test_what_fails_before_the_first_event_is_raised() -> None:
    async def frames() -> AsyncGenerator[Frame]:
        raise Overloaded("too many")
        yield FIRST

    with pytest.raises(Overloaded):
        await send_all(frames())


async def test_a_stream_says_where_its_summary_comes_from() -> None:
    async def frames() -> AsyncGenerator[Frame]:
        yield Frame("evidence", b"{}", "s1-1", "hit")

    start, *_ = await messages_of(frames())
    assert (b"server-timing", b'cache;desc="hit"') in start["headers"]


async def test_what_fails_after_a_long_wait_is_told_within_the_stream() -> None:
    async def frames() -> AsyncGenerator[Frame]:
        await asyncio.sleep(0.1)
        raise Overloaded("too many")
        yield FIRST

    text = await send_all(frames(), ping_s=0.01)
    assert text.startswith("retry: 250\n\n: ping\n\n")
    assert [name for name, _ in events_of(text)] == ["error"]


async def test_an_unforeseen_error_is_told_and_logged_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    async def frames() -> AsyncGenerator[Frame]:
        yield FIRST
        raise TypeError("patient text")

    text = await send_all(frames())
    problem = orjson.loads(events_of(text)[-1][1])
    assert (problem["status"], problem["code"]) == (500, "internal_error")
    assert "patient text" not in text
    assert [(r.message, vars(r)["exception"]) for r in caplog.records] == [("request failed", "TypeError")]


async def test_silence_is_filled_with_comments() -> None:
    async def frames() -> AsyncGenerator[Frame]:
        yield FIRST
        await asyncio.sleep(0.1)
        yield SECOND

    text = await send_all(frames(), ping_s=0.01)
    assert text.count(": ping\n\n") >= 2
    assert [name for name, _ in events_of(text)] == ["evidence", "section"]


@pytest.mark.parametrize("begun", [True, False])
async def test_a_client_that_leaves_ends_the_work(begun: bool) -> None:
    ended = asyncio.Event()

    async def frames() -> AsyncGenerator[Frame]:
        try:
            if begun:
                yield FIRST
            await asyncio.sleep(60)
            yield SECOND
        finally:
            ended.set()

    sent = await asyncio.wait_for(messages_of(frames(), leave_after_s=0.02), 1)
    assert ended.is_set()
    assert sent[0]["status"] == (200 if begun else 499)
