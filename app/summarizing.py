"""Answering a request for a summary: found or made, audited, counted and kept."""

import asyncio
import time
from collections.abc import AsyncGenerator, Collection, Coroutine
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any

from app.admission import Priority
from app.audit.entry import AuditEntry
from app.audit.log import AuditLog
from app.runs import Finder, Keeper, Lookup, NumberedEvent, Place, Run, Wish
from app.state import cited_notes
from core.errors import AnamnesisError, AuditUnavailable, Overloaded
from core.records import ChainEvent, Summary, SummaryEvent, SummaryRequest
from core.telemetry import Metrics
from core.tracing import say


class Summarizer:
    """Answers one request after another, each from a run of its own, one of others, or one of before."""

    def __init__(
        self,
        *,
        finder: Finder,
        audit: AuditLog,
        keeper: Keeper,
        metrics: Metrics,
        templates: Collection[str],
        deadline_s: float,
    ) -> None:
        self._finder = finder
        self._audit = audit
        self._keeper = keeper
        self._metrics = metrics
        self._templates = templates
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

        wish = self._wish(entry.caller, linger_s, priority, deadline_s)
        place = self._finder.place_for(request, wish, fresh=fresh)
        async with aclosing(self._read(place, entry, request.template)) as events:
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
        place = self._finder.place_at(summary_id, entry.patient_id, self._wish(entry.caller, linger_s))
        async with aclosing(self._read(place, replace(entry, summary_id=summary_id), after=after)) as events:
            async for numbered in events:
                yield numbered

    def _wish(
        self, caller: str, linger_s: float, priority: Priority = "interactive", deadline_s: float | None = None
    ) -> Wish:
        within_s = self._deadline_s if deadline_s is None else deadline_s
        return Wish(asyncio.get_running_loop().time() + within_s, priority, linger_s, caller)

    async def _read(
        self, finding: Coroutine[Any, Any, Place], entry: AuditEntry, template: str = "", after: int = 0
    ) -> AsyncGenerator[NumberedEvent]:
        reading = _Reading(self._audit, self._keeper, entry)
        began = time.perf_counter()
        error: AnamnesisError | None = None
        try:
            place = await finding
            reading.lookup, run = place.lookup, place.reader.run
            say(cache=place.lookup)
            template = run.subject.template
            async with place.reader, aclosing(place.reader.events(after)) as events:
                async for number, event in events:
                    await reading.allow(run, event)
                    body = run.body if isinstance(event, SummaryEvent) else b""
                    yield NumberedEvent(number, event, place.lookup, body)
        except Exception as e:
            error = e if isinstance(e, AnamnesisError) else AnamnesisError("an unforeseen failure")
            raise
        finally:
            self._count(template, reading, error, time.perf_counter() - began)
            if reading.mode is None:
                await reading.failed(error)

    def _count(self, template: str, reading: "_Reading", error: AnamnesisError | None, seconds: float) -> None:
        mode = reading.mode
        outcome = "ok" if mode else "cancelled" if error is None else "failed" if error.status >= 500 else "refused"
        known = template if template in self._templates else "unknown"
        self._metrics.summaries.labels(known, mode or "none", outcome).inc()
        if mode and reading.lookup in ("miss", "bypassed"):
            self._metrics.summary_seconds.observe(seconds)


class _Reading:
    """One reader's entries in the audit log. `mode` is the summary's, once it may be shown."""

    def __init__(self, audit: AuditLog, keeper: Keeper, entry: AuditEntry) -> None:
        self._audit = audit
        self._keeper = keeper
        self._entry = entry
        self._started = False
        self.lookup: Lookup = "miss"
        self.mode: str | None = None

    async def allow(self, run: Run, event: ChainEvent) -> None:
        """Write down that an event will be shown, where it is the first of this reader's or the last of all.

        Of a summary that is kept both entries are written at once: all of it is about to be shown.
        """
        if not self._started and run.evidence:
            evidence = run.evidence
            self._entry = replace(self._entry, note_ids=evidence.note_ids, summary_id=evidence.summary_id)
            started = replace(self._entry, outcome="started")
            if run.kept and run.summary:
                await self._audit.record(started, self._ended(run.summary))
                self.mode = run.summary.mode
            else:
                await self._audit.record(started)
            self._started = True
        if isinstance(event, SummaryEvent) and self.mode is None:
            entry = self._ended(event.summary)
            await self._audit.record(entry, along_with=self._keeper.job(run, entry.caller))
            self._keeper.done(run)
            self.mode = event.summary.mode

    def _ended(self, summary: Summary) -> AuditEntry:
        return replace(self._entry, outcome="ok", note_ids=cited_notes(summary))

    async def failed(self, error: AnamnesisError | None) -> None:
        """Write down that nothing whole was shown."""
        # A flood must not be answered with a write to disk each; it is counted.
        if isinstance(error, Overloaded):
            return
        with suppress(AuditUnavailable):
            await self._audit.record(replace(self._entry, outcome=error.code if error else "cancelled"))
