"""Logs and metrics. Neither ever carries a note's text; ids of patients and notes go to the audit log alone."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}
_FRAMES = 5
_SECTION_OUTCOMES = ("ok", "partial", "withheld", "no_evidence", "failed")
_REQUEST_OUTCOMES = ("ok", "rejected", "unavailable", "refused_by_breaker", "cancelled")
_ITEM_OUTCOMES = ("ok", "failed", "cancelled")
_PRIORITIES = ("interactive", "batch")
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


def traits_of(error: BaseException) -> dict[str, str]:
    """What may be logged of an unforeseen exception: its type, and the lines it came through, innermost first.

    Its message and its locals may quote a chart, and a formatter that is not ours would write both.
    """
    places = [f"{frame.f_code.co_filename}:{line}" for frame, line in traceback.walk_tb(error.__traceback__)]
    return {"exception": type(error).__name__, "at": " < ".join(reversed(places[-_FRAMES:]))}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, event and the record's extra fields.

    Of an exception only the type and the place are written: its message may quote input. So may what asyncio says of
    a task that failed, below its first line.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write one record as a line."""
        event = record.getMessage()
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": event.partition("\n")[0] if record.name == "asyncio" else event,
        }
        fields.update({k: v for k, v in record.__dict__.items() if k not in _STANDARD})
        if record.exc_info and record.exc_info[1]:
            fields.update(traits_of(record.exc_info[1]))
        return json.dumps(fields, default=str, ensure_ascii=False)


class TextFormatter(JsonFormatter):
    """The same fields as plain text."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record as a line."""
        fields = json.loads(super().format(record))
        head = f"{fields.pop('time')} {fields.pop('level'):7} {fields.pop('logger')} {fields.pop('event')}"
        return " ".join([head, *(f"{k}={v}" for k, v in fields.items())])


def configure_logging(level: str, style: Literal["json", "text"]) -> None:
    """Send all logs to standard error in one form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)


class Metrics:
    """The project's Prometheus series, prefix `anamnesis_`; times in seconds.

    Where all values of a label are known its series begin at zero, so that the first event already is a rise. No label
    takes a value that a caller, a chart or a model chose.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        counter = self._counter
        self.summaries = counter("summaries_total", "Summaries answered.", "template", "mode", "outcome")
        self.statements = counter("statements_total", "Statements shown.", "status", of=("supported", "quoted"))
        self.statements_refused = counter("statements_refused_total", "Statements refused, by check.", "reason")
        self.llm_tokens = counter("llm_tokens_total", "Model tokens.", "direction", of=("prompt", "completion"))
        self.rejected = counter("rejected_total", "Requests turned away.", "reason")
        self.sections = counter("sections_total", "Sections finished.", "outcome", of=_SECTION_OUTCOMES)
        self.statements_withheld = counter("statements_withheld_total", "Statements that nothing could support.")
        self.llm_requests = counter("llm_requests_total", "Model requests.", "outcome", of=_REQUEST_OUTCOMES)
        self.cache_lookups = counter(
            "cache_lookups_total",
            "Requests looked up among finished summaries.",
            "result",
            of=("hit", "miss", "bypassed"),
        )
        self.coalesced = counter("coalesced_total", "Requests that joined a summary already being made.")
        self.cancelled = counter(
            "cancelled_total", "Summaries given up because every reader left.", "stage", of=("queued", "running")
        )
        self.streams_resumed = counter("streams_resumed_total", "Streams taken up again by their readers.")
        self.batch_summaries = counter("batch_summaries_total", "Summaries of batches.", "outcome", of=_ITEM_OUTCOMES)
        self.ingest_notes = counter("ingest_notes_total", "Notes read by ingest.", "outcome")
        self.summary_seconds = self._histogram("summary_seconds", "Time of a whole summary.")
        self.first_statement_seconds = self._histogram("first_statement_seconds", "Time to the first statement.")
        self.gather_seconds = self._histogram("gather_seconds", "Time to gather evidence.")
        self.queue_seconds = self._histogram("queue_seconds", "Time waited for a place.", "priority", of=_PRIORITIES)
        self.prime_seconds = self._histogram("prime_seconds", "Time until the model's prefix cache was primed.")
        self.verify_seconds = self._histogram("verify_seconds", "Time spent in checks, of one summary.")
        self.llm_request_seconds = self._histogram("llm_request_seconds", "Time of one model request.")
        self.llm_first_token_seconds = self._histogram(
            "llm_first_token_seconds", "Time to the first token of a model request."
        )
        self.ingest_seconds = self._histogram("ingest_seconds", "Time of an ingest run.")
        self.inflight_summaries = self._gauge("inflight_summaries", "Summaries being worked on.")
        self.queued_summaries = self._gauge("queued_summaries", "Summaries waiting for a place.")
        self.concurrency_limit = self._gauge("concurrency_limit", "Summaries that may be worked on at once now.")
        self.batch_waiting = self._gauge("batch_waiting", "Summaries of batches still to be made.")
        self.breaker_state = self._gauge("breaker_state", "Model breaker: 0 closed, 1 half open, 2 open.")
        self.index_generation = self._gauge("index_generation", "Number of the live generation.")
        self.index_notes = self._gauge("index_notes", "Notes in the live generation.")
        self.index_published = self._gauge("index_published_timestamp_seconds", "When it was published (Unix time).")
        self.index_checked = self._gauge("index_checked_timestamp_seconds", "When it was last up to date (Unix time).")

    def _counter(self, name: str, text: str, *labels: str, of: tuple[str, ...] = ()) -> Counter:
        made = Counter(f"anamnesis_{name}", text, labels, registry=self.registry)
        for value in of:
            made.labels(value)
        return made

    def _histogram(self, name: str, text: str, *labels: str, of: tuple[str, ...] = ()) -> Histogram:
        made = Histogram(f"anamnesis_{name}", text, labels, registry=self.registry, buckets=_SECONDS)
        for value in of:
            made.labels(value)
        return made

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"anamnesis_{name}", text, registry=self.registry)


class IngestMetrics(Metrics):
    """What only the ingest job can say; in a service's own series these would look like a run that failed."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        super().__init__(registry)
        self.ingest_success = self._gauge("ingest_success", "1 where the last ingest run ended well, else 0.")
        self.ingest_last_run = self._gauge("ingest_last_run_timestamp_seconds", "When it ended (Unix time).")
        self.ingest_last_success = self._gauge(
            "ingest_last_success_timestamp_seconds", "When an ingest run last ended well (Unix time)."
        )
