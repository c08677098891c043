"""Answering a request for a summary: found or made, audited, counted and kept."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from uuid import uuid4

from app.admission import Priority, Ticket
from app.audit.entry import AuditEntry
from app.audit.log import AuditLog
from app.index_watch import IndexWatch
from app.model_watch import ModelWatch
from app.runs import Lookup, NumberedEvent, Reader, Run, Runs, Wish
from app.state import cited_notes, insert_summary, insert_trace
from chains import ChainInput, SummaryChain
from chains.trace import encode_trace
from core.errors import AnamnesisError, AuditUnavailable, InvalidRequest, ModelUnavailable, Overloaded, SummaryNotFound
from core.records import ChainEvent, SummaryEvent, SummaryRequest
from core.telemetry import Metrics
from vectorstore.chart import Chart


@dataclass(frozen=True, slots=True)
class _Place:
    """A reader's place at a run. While it holds the chart, an erasure waits for its last audit entry."""

    reader: Reader
    lookup: Lookup
    chart: Chart


class Summarizer:
    """Answers one request after another, each from a run of its own, one of others, or one of before."""

    def __init__(
        self,
        *,
        chain: SummaryChain,
        store: IndexWatch,
        model: ModelWatch,
        audit: AuditLog,
        runs: Runs,
        metrics: Metrics,
        deadline_s: float,
    ) -> None:
        self._chain = chain
        self._store = store
        self._model = model
        self._audit = audit
        self._runs = runs
        self._metrics = metrics
        self._deadline_s = deadline_s

    async def summarize(
        self,
        request: SummaryRequest,
        entry: AuditEntry,
        *,
        fresh: bool = False,
        linger_s: float = 0.0,
        priority: Priority = "interactive",
        deadline_s: float | None = None,
    ) -> AsyncGenerator[NumberedEvent]:
        """The events of a summary, each handed out only after the audit log holds that it will be.

        `entry` says who asks and what for. Two entries are written for every reader: one before the first event, naming
        the notes considered, and one with the outcome, naming the notes quoted; the whole summary and its trace are
        kept along with it. Closing the iterator leaves the run, which is cancelled once its last reader has left.

        Args:
            request: what is to be summarized.
            entry: who asks, and what for.
            fresh: make it anew, whatever there is.
            linger_s: seconds in which this reader may come back (`resume`) before the work is given up.
            priority: whether somebody waits for it.
            deadline_s: the longest this reader waits; None takes the settings' longest.

        Raises:
            AnamnesisError: as docs/api.md lists for POST /summarize.
        """

        within_s = deadline_s or self._deadline_s
        wish = Wish(asyncio.get_running_loop().time() + within_s, priority, linger_s)

        async def place() -> _Place:
            chart = await self._chart(request)
            chain_input = ChainInput(request, chart, uuid4().hex, self._model.state.ready)
            ticket = Ticket(entry.caller, priority, wish.deadline)
            run = self._runs.begin(chain_input.summary_id, chain_input, ticket)
            return _Place(run.join(wish), "bypassed" if fresh else "miss", chart)

        events = self._read(place, entry, request.template)
        async with aclosing(events):
            async for numbered in events:
                yield numbered

    async def resume(
        self, summary_id: str, after: int, entry: AuditEntry, *, linger_s: float = 0.0
    ) -> AsyncGenerator[NumberedEvent]:
        """The events of a summary numbered above `after`, for a reader whose stream broke.

        Audited like a reading from the beginning. After the last event the last is sent again.

        Raises:
            SummaryNotFound: there is no such summary any more, or it is not of the patient whom `entry` names.
            AnamnesisError: as docs/api.md lists for POST /summarize.
        """
        run = self._runs.with_id(summary_id)
        if run is None or run.subject.patient_id != entry.patient_id:
            raise SummaryNotFound("no summary of this patient has this id")

        wish = Wish(asyncio.get_running_loop().time() + self._deadline_s, "interactive", linger_s)

        async def place() -> _Place:
            chart = await asyncio.to_thread(self._store.generation.chart, run.subject.patient_id)
            return _Place(run.join(wish), "resumed", chart)

        self._metrics.streams_resumed.inc()
        async with aclosing(self._read(place, entry, run.subject.template, after)) as events:
            async for numbered in events:
                yield numbered

    async def _read(
        self, find_place: Callable[[], Awaitable[_Place]], entry: AuditEntry, template: str, after: int = 0
    ) -> AsyncGenerator[NumberedEvent]:
        reading = _Reading(self._audit, self._runs, entry)
        began = time.perf_counter()
        lookup: Lookup = "miss"
        error: AnamnesisError | None = None
        try:
            place = await find_place()
            lookup = place.lookup
            async with place.reader, aclosing(place.reader.events(after)) as events:
                async for number, event in events:
                    await reading.allow(place.reader.run, event)
                    body = place.reader.run.body if isinstance(event, SummaryEvent) else b""
                    yield NumberedEvent(number, event, lookup, body)
        except Exception as e:
            error = e if isinstance(e, AnamnesisError) else AnamnesisError("an unforeseen failure")
            raise
        finally:
            self._count(template, reading.mode, error, time.perf_counter() - began)
            if reading.mode is None:
                await reading.failed(error)

    async def _chart(self, request: SummaryRequest) -> Chart:
        if request.template not in self._chain.templates:
            raise InvalidRequest(f"template: unknown; there are {', '.join(self._chain.templates)}")
        chart = await asyncio.to_thread(self._store.generation.chart, request.patient_id)
        if request.require == "abstractive" and not self._model.state.ready:
            raise ModelUnavailable("an abstractive summary was required and the model is not ready")
        return chart

    def _count(self, template: str, mode: str | None, error: AnamnesisError | None, seconds: float) -> None:
        outcome = "ok" if mode else "cancelled" if error is None else "failed" if error.status >= 500 else "refused"
        known = template if template in self._chain.templates else "unknown"
        self._metrics.summaries.labels(known, mode or "none", outcome).inc()
        if mode:
            self._metrics.summary_seconds.observe(seconds)


class _Reading:
    """One reader's entries in the audit log. `mode` is the summary's, once it may be shown."""

    def __init__(self, audit: AuditLog, runs: Runs, entry: AuditEntry) -> None:
        self._audit = audit
        self._runs = runs
        self._entry = entry
        self._started = False
        self.mode: str | None = None

    async def allow(self, run: Run, event: ChainEvent) -> None:
        """Write down that an event will be shown, where it is the first of this reader's or the last of all."""
        if not self._started and run.evidence:
            evidence = run.evidence
            self._entry = replace(self._entry, note_ids=evidence.note_ids, summary_id=evidence.summary_id)
            await self._audit.record(replace(self._entry, outcome="started"))
            self._started = True
        if isinstance(event, SummaryEvent):
            await self._keep(run, event)
            self.mode = event.summary.mode

    async def _keep(self, run: Run, event: SummaryEvent) -> None:
        entry = replace(self._entry, outcome="ok", note_ids=cited_notes(event.summary))
        if run.kept:
            await self._audit.record(entry)
            return
        trace = encode_trace(event.trace) if event.trace else None

        def keep(connection: sqlite3.Connection) -> None:
            if insert_summary(connection, event.summary, run.body, entry.caller) and trace is not None:
                insert_trace(connection, event.summary.summary_id, trace)

        await self._audit.record(entry, along_with=keep)
        self._runs.settle(run)

    async def failed(self, error: AnamnesisError | None) -> None:
        """Write down that nothing whole was shown."""
        # A flood must not be answered with a write to disk each; it is counted.
        if isinstance(error, Overloaded):
            return
        with suppress(AuditUnavailable):
            await self._audit.record(replace(self._entry, outcome=error.code if error else "cancelled"))
