import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from core.errors import ModelUnavailable
from core.tracing import joined, record_with, span, trace_headers

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def recorded() -> Iterator[InMemorySpanExporter]:
    """What was recorded, until the test ends."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    record_with(provider.get_tracer("test"))
    yield exporter
    record_with(None)
    provider.shutdown()


def parents(recorded: InMemorySpanExporter) -> dict[str, str | None]:
    """Each span's name with its parent's."""
    spans = recorded.get_finished_spans()
    names = {s.context.span_id: s.name for s in spans}
    return {s.name: names.get(s.parent.span_id) if s.parent else None for s in spans}


def test_spans_nest_in_tasks_and_hold_what_was_said_later(recorded: InMemorySpanExporter) -> None:
    async def inner() -> None:
        with span("gather") as gathering:
            gathering.say(notes=3)

    async def outer() -> None:
        with span("summarize", template="handoff"):
            await asyncio.create_task(inner())

    asyncio.run(outer())
    assert parents(recorded) == {"gather": "summarize", "summarize": None}
    assert [dict(s.attributes or {}) for s in recorded.get_finished_spans()] == [{"notes": 3}, {"template": "handoff"}]


def test_the_reader_of_a_generator_does_not_find_itself_within_its_span(recorded: InMemorySpanExporter) -> None:
    async def request() -> None:
        with span("model request"):
            await asyncio.sleep(0)

    async def steps() -> AsyncIterator[int]:
        with span("generate", attached=False) as generating:
            with generating.around():
                task = asyncio.create_task(request())
            yield 1
            await task
            yield 2

    async def read() -> None:
        with span("summarize"):
            async for _ in steps():
                with span("verify"):
                    pass

    asyncio.run(read())
    assert parents(recorded) == {
        "summarize": None,
        "generate": "summarize",
        "model request": "generate",
        "verify": "summarize",
    }


def test_of_an_error_the_code_is_kept_and_not_a_word_of_its_message(recorded: InMemorySpanExporter) -> None:
    for error in (ModelUnavailable("the zyqwortel fever"), ValueError("the zyqwortel fever")):
        with pytest.raises(type(error)), span("generate"):
            raise error
    first, second = recorded.get_finished_spans()
    assert [(first.attributes or {})["outcome"], (second.attributes or {})["outcome"]] == [
        "model_unavailable",
        "ValueError",
    ]
    assert first.status.status_code is second.status.status_code is StatusCode.ERROR
    assert "zyqwortel" not in first.to_json() + second.to_json()
    assert not first.events and not second.events


def test_being_cancelled_is_no_error(recorded: InMemorySpanExporter) -> None:
    with pytest.raises(asyncio.CancelledError), span("queue"):
        raise asyncio.CancelledError
    (queued,) = recorded.get_finished_spans()
    assert queued.attributes == {"outcome": "cancelled"}
    assert queued.status.status_code is StatusCode.UNSET


def test_a_caller_s_trace_is_joined_and_passed_on(recorded: InMemorySpanExporter) -> None:
    with joined(CALLER), span("request", kind="server"):
        header = trace_headers()["traceparent"]
    (request,) = recorded.get_finished_spans()
    assert request.parent and f"{request.parent.span_id:016x}" == "b7ad6b7169203331"
    assert header.split("-")[1:3] == ["0af7651916cd43dd8448eb211c80319c", f"{request.context.span_id:016x}"]
    assert trace_headers() == {}


@pytest.mark.parametrize("given", ["", "garbage", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", CALLER.upper() + "x"])
def test_what_is_no_traceparent_begins_a_trace_of_its_own(recorded: InMemorySpanExporter, given: str) -> None:
    with joined(given), span("request"):
        pass
    (request,) = recorded.get_finished_spans()
    assert request.parent is None


def test_without_a_tracer_nothing_is_recorded_and_the_caller_s_trace_still_goes_on() -> None:
    with joined(CALLER), span("request") as request, request.around():
        request.say(status=200)
        assert trace_headers() == {"traceparent": CALLER}
    with span("request"):
        assert trace_headers() == {}
