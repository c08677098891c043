"""Spans of whole summaries: how they hang together, what the model server is told, and that they hold no text."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import orjson
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app.factory import create_app
from chains.models import ChatVLLM
from chains.passages import PassageFinder
from chains.verification.chart import ChartView
from core.records import Note
from core.settings import Settings, StateSettings
from core.tracing import record_with
from tests.fakes.charts import build_store
from tests.fakes.loopback import ask, served
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.service import Running, running, started

pytestmark = pytest.mark.integration

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
FRESH = {"cache-control": "no-cache"}
TEXT = "zyqwortel"
CHART = (
    f"ALLERGIES: Penicillin ({TEXT} rash).\n\nHOSPITAL COURSE:\nAdmitted with {TEXT} fever and treated with "
    f"ceftriaxone. The {TEXT} fever settled on day two. Then the {TEXT} leg swelled and an ultrasound showed no clot.\n"
)
STEPS = {"request", "summarize", "queue", "plan", "gather", "generate", "model request", "verify"}


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


@pytest.fixture
def server() -> Iterator[FakeOpenAIServer]:
    with FakeOpenAIServer(lambda prompt: answer(prompt)) as started_server:
        yield started_server


def answer(prompt: str) -> str:
    """What is refused, with the chart's words and others in it."""
    return json.dumps({"statement": f"The {TEXT} was 999 mg.", "evidence": ["E1"]})


@asynccontextmanager
async def over_marked_chart(folder: Path, llm: ChatVLLM) -> AsyncIterator[Running]:
    store = build_store(folder, [Note(f"n{TEXT}/1", f"p{TEXT}", None, "Progress note", "2021-03-04", CHART)])
    app = create_app(Settings(state=StateSettings(dir=folder / "state")), llm=llm, store=store)
    async with started(app, folder / "state" / "state.sqlite") as service:
        yield service


@pytest.fixture
async def llm(server: FakeOpenAIServer) -> AsyncIterator[ChatVLLM]:
    model = ChatVLLM(base_url=server.url, timeout_s=5)
    yield model
    await model.aclose()


def of_requests(recorded: InMemorySpanExporter) -> list[ReadableSpan]:
    """The spans of what was asked for, without the service's own warming up."""
    spans = recorded.get_finished_spans()
    asked = {s.context.trace_id for s in spans if s.name == "request"}
    return [s for s in spans if s.context.trace_id in asked]


def by_name(spans: list[ReadableSpan]) -> dict[str, list[ReadableSpan]]:
    return {name: [s for s in spans if s.name == name] for name in {s.name for s in spans}}


async def test_the_spans_of_a_summary_hang_together_below_the_caller_s(
    tmp_path: Path, recorded: InMemorySpanExporter, server: FakeOpenAIServer, llm: ChatVLLM
) -> None:
    async with running(tmp_path, llm=llm) as service:
        said = await service.client.post("/summarize", json={"patient_id": "ava"}, headers={"traceparent": CALLER})
    assert said.status_code == 200
    spans = of_requests(recorded)
    assert {s.name for s in spans} == STEPS
    assert {f"{s.context.trace_id:032x}" for s in spans} == {"0af7651916cd43dd8448eb211c80319c"}
    names = {s.context.span_id: s.name for s in spans}
    assert {(s.name, names.get(s.parent.span_id, "caller")) for s in spans if s.parent} == {
        ("request", "caller"),
        ("summarize", "request"),
        ("queue", "summarize"),
        ("plan", "summarize"),
        ("gather", "summarize"),
        ("generate", "summarize"),
        ("model request", "generate"),
        ("verify", "summarize"),
        ("model request", "summarize"),
        ("verify", "summarize"),
    }
    told = by_name(spans)
    assert told["request"][0].attributes == {"status": 200, "cache": "miss"}
    assert told["plan"][0].attributes is not None and told["plan"][0].attributes["template"] == "handoff"
    assert told["gather"][0].attributes is not None and told["gather"][0].attributes["notes"] == 3
    attempts = Counter(str((s.attributes or {})["attempt"]) for s in told["model request"])
    assert attempts["draft"] and attempts["repair"]


async def test_the_model_server_is_told_which_span_each_request_belongs_to(
    tmp_path: Path, recorded: InMemorySpanExporter, server: FakeOpenAIServer, llm: ChatVLLM
) -> None:
    async with running(tmp_path, llm=llm) as service:
        await service.client.post("/summarize", json={"patient_id": "ava"})
    requests = by_name(of_requests(recorded))["model request"]
    told = {f"00-{s.context.trace_id:032x}-{s.context.span_id:016x}" for s in requests}
    assert len(server.traceparents) == len(requests) > 1
    assert {header.rpartition("-")[0] for header in server.traceparents} == told


async def test_no_span_holds_a_word_of_chart_model_or_caller(
    tmp_path: Path,
    recorded: InMemorySpanExporter,
    server: FakeOpenAIServer,
    llm: ChatVLLM,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = {"patient_id": f"p{TEXT}", "focus": f"the {TEXT} fever"}

    def breaks(*_: object, **__: object) -> None:
        raise ValueError(f"the {TEXT} fever")

    async with over_marked_chart(tmp_path, llm) as service:
        whole = await service.client.post("/summarize", json=body)
        assert TEXT in whole.text
        await service.client.post(
            "/summarize", json={**body, "template": f"a {TEXT}"}, headers={"tracestate": TEXT, **FRESH}
        )
        await service.client.post("/summarize", content=orjson.dumps({**body, "since": f"{TEXT}"}))
        for behaviour in ("garbage", "500", "400_context", "error_in_200"):
            server.script += [behaviour] * 3  # type: ignore[list-item]
        await service.client.post("/summarize", json=body, headers={"accept": "text/event-stream", **FRESH})
        with monkeypatch.context() as patch:
            patch.setattr(PassageFinder, "groups", breaks)
            await service.client.post("/summarize", json=body, headers=FRESH)
        with monkeypatch.context() as patch:
            patch.setattr(ChartView, "first_refusal", breaks)
            failed = await service.client.post("/summarize", json=body, headers=FRESH)
            assert failed.status_code == 500
    spans = of_requests(recorded)
    assert {s.name for s in spans} >= STEPS
    assert "ValueError" in {(s.attributes or {}).get("outcome") for s in spans}
    written = "".join(s.to_json() for s in spans).lower()
    assert TEXT not in written and "999 mg" not in written and "penicillin" not in written
    assert not any(s.events or s.links or s.status.description for s in spans)


async def test_a_request_says_whether_its_summary_was_found_joined_or_made(
    tmp_path: Path, recorded: InMemorySpanExporter, server: FakeOpenAIServer, llm: ChatVLLM
) -> None:
    server.delay_s = 0.3
    async with running(tmp_path, llm=llm) as service:
        post = partial(service.client.post, "/summarize", json={"patient_id": "ava"})
        await asyncio.gather(post(), post())
        await post()
        await post(headers=FRESH)
    spans = by_name(of_requests(recorded))
    said = Counter(str((s.attributes or {})["cache"]) for s in spans["request"])
    assert said == {"miss": 1, "coalesced": 1, "hit": 1, "bypassed": 1}
    assert len(spans["summarize"]) == 2


async def test_a_summary_over_a_websocket_is_one_trace_too(tmp_path: Path, recorded: InMemorySpanExporter) -> None:
    async with served(tmp_path) as service:
        _, code = await ask(service, {"patient_id": "ava"}, headers={"traceparent": CALLER})
    spans = of_requests(recorded)
    assert code == 1000
    assert {s.name for s in spans} == STEPS - {"model request"}
    assert {f"{s.context.trace_id:032x}" for s in spans} == {CALLER.split("-")[1]}
    assert by_name(spans)["request"][0].attributes == {"status": 1000, "cache": "miss"}


async def test_a_request_for_anything_else_is_not_traced(tmp_path: Path, recorded: InMemorySpanExporter) -> None:
    async with running(tmp_path) as service:
        for path in ("/healthz", "/metrics", "/patients", "/patients/ava"):
            assert (await service.client.get(path)).status_code == 200
    assert of_requests(recorded) == []


async def test_without_tracing_a_caller_s_trace_reaches_the_model_server(
    tmp_path: Path, server: FakeOpenAIServer, llm: ChatVLLM
) -> None:
    async with running(tmp_path, llm=llm) as service:
        await service.client.post("/summarize", json={"patient_id": "ava"}, headers={"traceparent": CALLER})
        joined = set(server.traceparents)
        await service.client.post("/summarize", json={"patient_id": "ava"}, headers=FRESH)
    assert joined == {CALLER}
    assert set(server.traceparents) == {CALLER, ""}
