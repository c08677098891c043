"""Where a reader reads: at a run that is under way, at a summary that was kept, or at a run begun for it."""

import asyncio
import sqlite3
import time
from dataclasses import dataclass
from uuid import uuid4

from app.admission import Ticket
from app.index_watch import IndexWatch
from app.model_watch import ModelWatch
from app.runs.events import Lookup
from app.runs.key import origins_of, run_key
from app.runs.order import events_of
from app.runs.reader import Reader, Wish
from app.runs.registry import Runs
from app.runs.run import Run, Subject
from app.state import Replay, StateDatabase, find_cached, find_replay
from chains import ChainInput, SummaryChain
from chains.models import ModelState
from chains.trace import one_model_answered
from core.errors import InvalidRequest, ModelUnavailable, SummaryNotFound
from core.records import SummaryEvent, SummaryRequest
from core.telemetry import Metrics
from vectorstore.chart import Chart

_NOT_THERE = "no summary of this patient has this id"


@dataclass(frozen=True, slots=True)
class Place:
    """A reader's place at a run. While it holds the chart, an erasure waits for the reader's last audit entry."""

    reader: Reader
    lookup: Lookup
    chart: Chart


@dataclass(frozen=True, slots=True)
class _Sought:
    """What a request asks for, under which key, and the state of the model that the key names."""

    request: SummaryRequest
    chart: Chart
    key: str
    model: ModelState


class Finder:
    """Finds each reader a place, and sees to it that the same is not made twice at once or again without need.

    `cache_hours` is how long a kept summary answers for the same request; 0 has each made anew.
    """

    def __init__(
        self,
        *,
        chain: SummaryChain,
        store: IndexWatch,
        model: ModelWatch,
        state: StateDatabase,
        runs: Runs,
        metrics: Metrics,
        cache_hours: float,
    ) -> None:
        self._chain = chain
        self._store = store
        self._model = model
        self._state = state
        self._runs = runs
        self._metrics = metrics
        self._cache_hours = cache_hours

    async def place_for(self, request: SummaryRequest, wish: Wish, *, fresh: bool = False) -> Place:
        """A place at what answers the request; with `fresh` always at a run of its own.

        Raises:
            InvalidRequest, IndexUnavailable, IndexMismatch, PatientNotFound, ModelUnavailable.
            Overloaded: with `fresh`, where there is neither a place nor room to wait for one.
        """
        if fresh:
            # Nothing that was made before can answer it, so its chart need not be opened to know.
            self._runs.refuse_if_full(_ticket(wish))
        sought = await self._look_up(request)
        chart, key = sought.chart, sought.key
        if not fresh:
            if found := self._join(key, wish, chart):
                return found
            if kept := await self._kept(key):
                self._metrics.cache_lookups.labels("hit").inc()
                return Place(self._run_of(kept).join(wish), "hit", chart)
            # Meanwhile somebody else may have begun it.
            if found := self._join(key, wish, chart):
                return found
        lookup: Lookup = "bypassed" if fresh or not self._cache_hours else "miss"
        self._metrics.cache_lookups.labels(lookup).inc()
        return Place(self._begin(sought, wish).join(wish), lookup, chart)

    async def place_at(self, summary_id: str, patient_id: str | None, wish: Wish) -> Place:
        """A place at a summary that was begun or made before.

        Raises:
            SummaryNotFound: there is none of this patient under this id.
            IndexUnavailable, IndexMismatch, PatientNotFound.
        """
        if patient_id is None:
            raise SummaryNotFound(_NOT_THERE)
        chart = await asyncio.to_thread(self._store.generation.chart, patient_id)
        run = self._runs.with_id(summary_id)
        if run is None or run.kept:
            # The database has the last word: what was erased there must not be shown from memory.
            try:
                run = self._run_of(await self._state.run(find_replay(summary_id)))
            except SummaryNotFound:
                self._runs.forget(summary_id)
                raise
        # From here to the joining nothing waits: the run might be given up meanwhile.
        if run.subject.patient_id != patient_id:
            raise SummaryNotFound(_NOT_THERE)
        self._metrics.streams_resumed.inc()
        return Place(run.join(wish), "resumed", chart)

    async def has(self, request: SummaryRequest) -> bool:
        """Whether the request would be answered without asking the model. Raises what `place_for` raises."""
        key = (await self._look_up(request)).key
        return self._runs.joinable(key) is not None or await self._kept(key) is not None

    async def _look_up(self, request: SummaryRequest) -> _Sought:
        if request.template not in self._chain.templates:
            raise InvalidRequest(f"template: unknown; there are {', '.join(self._chain.templates)}")
        generation = self._store.generation
        chart = await asyncio.to_thread(generation.chart, request.patient_id)
        state = self._model.state
        if request.require == "abstractive" and not state.ready:
            raise ModelUnavailable("an abstractive summary was required and the model is not ready")
        origins = origins_of(
            request,
            chart=chart.digest,
            embedding=generation.manifest.embedding,
            chunking=generation.manifest.chunking,
            chain=self._chain.identity(request.template),
            model=state,
        )
        return _Sought(request, chart, run_key(origins), state)

    def _join(self, key: str, wish: Wish, chart: Chart) -> Place | None:
        run = self._runs.joinable(key)
        if run is None:
            return None
        self._metrics.coalesced.inc()
        return Place(run.join(wish), "coalesced", chart)

    async def _kept(self, key: str) -> Replay | None:
        if not self._cache_hours:
            return None
        try:
            return await self._state.run(find_cached(key, time.time() - self._cache_hours * 3600))
        except (sqlite3.Error, RuntimeError):
            # Whether anything may be shown without the database is for the audit log to say.
            return None

    def _run_of(self, kept: Replay) -> Run:
        run = self._runs.with_id(kept.summary_id)
        if run is None:
            subject = Subject(kept.summary_id, kept.patient_id, kept.template)
            run = Run.made(subject, events_of(kept), kept.body)
            self._runs.remember(run)
        elif not run.kept:
            self._runs.settle(run)
        return run

    def _begin(self, sought: _Sought, wish: Wish) -> Run:
        """A run by the very state of the model that its key names, whatever has become of that since."""
        state = sought.model

        def reusable(event: SummaryEvent) -> bool:
            now = self._model.state
            whole = all(section.outcome != "failed" for section in event.summary.sections)
            same = (now.ready, now.model) == (state.ready, state.model)
            return whole and same and event.trace is not None and one_model_answered(event.trace)

        chain_input = ChainInput(sought.request, sought.chart, uuid4().hex, state.ready)
        return self._runs.begin(sought.key, chain_input, _ticket(wish), reusable)


def _ticket(wish: Wish) -> Ticket:
    return Ticket(wish.caller, wish.priority, wish.deadline)
