"""Sending spans to a collector. Only the root of a process calls this; without it nothing is recorded."""

import threading
from collections.abc import Callable

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from core.settings import TracingSettings
from core.tracing import record_with

SERVICE = "anamnesis"
# Short: a collector that is away must not hold up the end of the service.
_EXPORT_TIMEOUT_S = 3.0
_LAST_SPANS_S = 2.0


def record_spans(settings: TracingSettings, exporter: SpanExporter | None = None) -> Callable[[], None]:
    """Record spans and send them, in a thread of its own, to the collector the settings name.

    Returns what sends the last of them, within seconds or not at all, and stops. Without an endpoint, or an `exporter`
    in its place, nothing happens. Spans that cannot be sent are lost, and requests do not wait for them.
    """
    if not settings.endpoint and exporter is None:
        return lambda: None
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(settings.sample)),
        resource=Resource.create({"service.name": SERVICE}),
        span_limits=SpanLimits(max_span_attributes=16, max_span_attribute_length=64, max_events=0, max_links=1),
        # Done below, in order, by whoever stops the service.
        shutdown_on_exit=False,
    )
    sender = exporter or OTLPSpanExporter(endpoint=settings.endpoint, timeout=_EXPORT_TIMEOUT_S)
    provider.add_span_processor(BatchSpanProcessor(sender))
    record_with(provider.get_tracer(SERVICE))

    def stop() -> None:
        record_with(None)
        giving_up = threading.Timer(_LAST_SPANS_S, sender.shutdown)
        giving_up.start()
        provider.shutdown()
        giving_up.cancel()

    return stop
