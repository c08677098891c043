"""Spans as they leave the process: to a collector, without a word of a chart, and in nobody's way."""

import json
import urllib.request
from collections import Counter
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deploy.local.address import free_port
from tests.fakes.charts import AVA
from tests.fakes.openai_server import FakeOpenAIServer
from tests.monitoring.children import pages, service
from tests.monitoring.index import ingested
from tests.monitoring.traffic import faithful

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
KILLED = 128 + 9
NOT_SAMPLED = CALLER[:-1] + "0"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ingested(tmp_path_factory.mktemp("index"))


def summarize(address: str, traceparent: str) -> None:
    body = json.dumps({"patient_id": "ava"}).encode()
    headers = {"content-type": "application/json", "cache-control": "no-cache", "traceparent": traceparent}
    with urllib.request.urlopen(urllib.request.Request(f"{address}/summarize", body, headers), timeout=60) as answer:
        assert answer.status == 200 and b"Lisinopril" in answer.read()


def test_a_collector_is_sent_the_last_span_and_no_word_of_the_chart(index: Path, tmp_path: Path) -> None:
    with FakeOpenAIServer(faithful) as model, pages() as collector:
        endpoint = f"http://{collector.address}/v1/traces"
        with service(tmp_path, index, TRACING__ENDPOINT=endpoint, LLM__URL=model.url) as (address, _):
            summarize(address, CALLER)
            summarize(address, NOT_SAMPLED)
        sent = [ExportTraceServiceRequest.FromString(body) for body in collector.posted]
        raw = b"".join(collector.posted)
    of_us = [resource for request in sent for resource in request.resource_spans]
    spans = [span for resource in of_us for scope in resource.scope_spans for span in scope.spans]
    named = {a.value.string_value for r in of_us for a in r.resource.attributes if a.key == "service.name"}
    assert named == {"anamnesis"}
    asked = [span for span in spans if span.trace_id.hex() == CALLER.split("-")[1]]
    counted = Counter(span.name for span in asked)
    assert counted["request"] == counted["summarize"] == counted["plan"] == counted["gather"] == 1
    assert counted["verify"] > 1
    words = {word.strip(".,;:()").encode() for note in AVA for word in note.text.split() if len(word) > 8}
    assert words and [word for word in words | {b"ava/n"} if word in raw] == []


def test_a_collector_that_is_away_keeps_neither_a_request_nor_the_end_waiting(index: Path, tmp_path: Path) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}/v1/traces"
    with service(tmp_path, index, TRACING__ENDPOINT=endpoint) as (address, child):
        summarize(address, CALLER)
        child.let_go()
        assert child.wait() != KILLED
    assert "Application shutdown complete" in (tmp_path / "app.log").read_text()
