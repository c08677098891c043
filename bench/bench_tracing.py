"""What spans cost: nothing to speak of while nobody wants them, and how much when they are recorded and encoded."""

import asyncio
import statistics
import tempfile
import time
import timeit
from collections.abc import Callable, Sequence
from pathlib import Path

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from app.tracing_setup import record_spans
from bench.charts import build_index, open_index, patient_with
from bench.figures import Figure, Repeats
from chains import ChainInput, SummaryChain, build_chain
from core.records import SummaryRequest
from core.settings import LLMSettings, TracingSettings
from core.telemetry import Metrics
from core.tracing import span, trace_headers
from vectorstore.generation import Generation

NOTES = 60
REPEATS = 15
LOOPS = 20_000


class Encoding(SpanExporter):
    """Does all that an exporter does but send."""

    def __init__(self) -> None:
        self.spans = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Count and encode them."""
        self.spans += len(spans)
        encode_spans(spans).SerializeToString()
        return SpanExportResult.SUCCESS


def run() -> list[Figure]:
    """Time a span that nobody wants; then summaries of one patient, with and without a tracer in turn."""
    off_s, header_s = _each(_a_span), _each(trace_headers)
    with tempfile.TemporaryDirectory() as folder:
        generation = open_index(build_index(Path(folder), patients=20))
        patient_id = patient_with(generation, NOTES)
        spans, without, added = asyncio.run(_summaries(generation, patient_id))
    share = spans * off_s / without.median
    against = f"extractive summary of {NOTES} notes, {spans} spans, {without.median * 1000:.0f} ms of CPU"
    return [
        Figure("span while tracing is off", off_s * 1e6, "µs", 2, "at_most", f"best of {REPEATS} times {LOOPS}"),
        Figure("header for the model server, outside of a trace", header_s * 1e6, "µs", baseline="the same"),
        Figure("spans of a summary while tracing is off", share * 100, "% of its CPU", 0.5, "at_most", against),
        added.times(1000).figure("spans of a summary, recorded and encoded", "ms of CPU", baseline=against),
    ]


def _each(what: Callable[[], object]) -> float:
    return min(timeit.repeat(what, number=LOOPS, repeat=REPEATS)) / LOOPS


def _a_span() -> None:
    with span("verify", section="problems") as verify:
        verify.say(outcome="ok")


async def _summaries(generation: Generation, patient_id: str) -> tuple[int, Repeats, Repeats]:
    """Spans of a summary, its CPU seconds without a tracer, and what a tracer adds, pair by pair."""
    chain = build_chain(llm=None, metrics=Metrics(), llm_settings=LLMSettings())
    await _cpu_s(chain, generation, patient_id)
    without, added, counts = [], [], []
    for _ in range(REPEATS):
        without.append(await _cpu_s(chain, generation, patient_id))
        sink = Encoding()
        stop = record_spans(TracingSettings(), sink)
        began = time.process_time()
        await _cpu_s(chain, generation, patient_id)
        stop()
        added.append(time.process_time() - began - without[-1])
        counts.append(sink.spans)
    return round(statistics.median(counts)), Repeats(tuple(without)), Repeats(tuple(added))


async def _cpu_s(chain: SummaryChain, generation: Generation, patient_id: str) -> float:
    began = time.process_time()
    await chain.ainvoke(ChainInput(SummaryRequest(patient_id), generation.chart(patient_id), "bench"))
    return time.process_time() - began
