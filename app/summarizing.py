"""Answering a request for a summary: admitted, audited, counted and kept."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import replace
from uuid import uuid4

import orjson

from app.admission import Admission
from app.audit.entry import AuditEntry
from app.audit.log import AuditLog
from app.index_watch import IndexWatch
from app.model_watch import ModelWatch
from app.running import run_chain
from app.state import cited_notes, insert_summary, insert_trace
from chains import ChainInput, SummaryChain
from chains.trace import encode_trace
from core.errors import AnamnesisError, AuditUnavailable, InvalidRequest, ModelUnavailable, Overloaded
from core.records import ChainEvent, EvidenceEvent, Summary, SummaryEvent, SummaryRequest
from core.telemetry import Metrics


class Summarizer:
    """Runs the chain for one request after another."""

    def __init__(
        self,
        *,
        chain: SummaryChain,
        store: IndexWatch,
        model: ModelWatch,
        audit: AuditLog,
        admission: Admission,
        metrics: Metrics,
        deadline_s: float,
    ) -> None:
        self._chain = chain
        self._store = store
        self._model = model
        self._audit = audit
        self._admission = admission
        self._metrics = metrics
        self._deadline_s = deadline_s

    async def summarize(self, request: SummaryRequest, entry: AuditEntry) -> AsyncGenerator[ChainEvent]:
        """The events of a summary, each handed out only after the audit log holds that it will be.

        `entry` says who asks and what for. Two entries are written: one before the first event, naming the notes
        considered, and one with the outcome, naming the notes quoted; the whole summary and its trace
        are kept along with it. Closing the iterator cancels the chain.

        Raises:
            AnamnesisError: as docs/api.md lists for POST /summarize.
        """
        began = time.perf_counter()
        summary: Summary | None = None
        error: AnamnesisError | None = None
        try:
            async with aclosing(await self._events(request, entry.caller)) as events:
                async for event in events:
                    if isinstance(event, EvidenceEvent):
                        entry = replace(entry, note_ids=event.note_ids, summary_id=event.summary_id)
                        await self._audit.record(replace(entry, outcome="started"))
                    elif isinstance(event, SummaryEvent):
                        await self._keep(event, entry)
                        summary = event.summary
                    yield event
        except Exception as e:
            error = e if isinstance(e, AnamnesisError) else AnamnesisError("an unforeseen failure")
            raise
        finally:
            self._count(request.template, summary, error, time.perf_counter() - began)
            if summary is None:
                await self._record_failure(entry, error)

    async def _events(self, request: SummaryRequest, caller: str) -> AsyncGenerator[ChainEvent]:
        if request.template not in self._chain.templates:
            raise InvalidRequest(f"template: unknown; there are {', '.join(self._chain.templates)}")
        chart = await asyncio.to_thread(self._store.generation.chart, request.patient_id)
        if request.require == "abstractive" and not self._model.state.ready:
            raise ModelUnavailable("an abstractive summary was required and the model is not ready")
        chain_input = ChainInput(request, chart, uuid4().hex, self._model.state.ready)
        return run_chain(self._chain, chain_input, self._admission, deadline_s=self._deadline_s, caller=caller)

    async def _keep(self, event: SummaryEvent, entry: AuditEntry) -> None:
        summary = event.summary
        body, trace = encode(summary), encode_trace(event.trace) if event.trace else None

        def keep(connection: sqlite3.Connection) -> None:
            insert_summary(connection, summary, body, entry.caller)
            if trace is not None:
                insert_trace(connection, summary.summary_id, trace)

        await self._audit.record(replace(entry, outcome="ok", note_ids=cited_notes(summary)), along_with=keep)

    async def _record_failure(self, entry: AuditEntry, error: AnamnesisError | None) -> None:
        # A flood must not be answered with a write to disk each; it is counted.
        if isinstance(error, Overloaded):
            return
        with suppress(AuditUnavailable):
            await self._audit.record(replace(entry, outcome=error.code if error else "cancelled"))

    def _count(self, template: str, summary: Summary | None, error: AnamnesisError | None, seconds: float) -> None:
        outcome = "ok" if summary else "cancelled" if error is None else "failed" if error.status >= 500 else "refused"
        known = template if template in self._chain.templates else "unknown"
        self._metrics.summaries.labels(known, summary.mode if summary else "none", outcome).inc()
        if summary:
            self._metrics.summary_seconds.observe(seconds)


def encode(summary: Summary) -> bytes:
    """The bytes that are answered, streamed and kept."""
    return orjson.dumps(summary)
