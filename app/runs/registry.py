"""The runs of this process: found by what was asked for, or by the summary's id."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from contextlib import aclosing

from app.admission import Admission, Ticket
from app.runs.run import Abandoned, Run, Subject
from chains import ChainInput, SummaryChain
from core.errors import AnamnesisError
from core.records import SummaryEvent
from core.telemetry import Metrics, traits_of
from core.tracing import span
from vectorstore.generation import Generation

log = logging.getLogger(__name__)

REMEMBERED_S = 60.0
MOST_REMEMBERED = 64


class Runs:
    """Begins runs, has others join them, and remembers finished ones for a minute, so many of them at most."""

    def __init__(
        self,
        chain: SummaryChain,
        admission: Admission,
        metrics: Metrics,
        *,
        remembered_s: float = REMEMBERED_S,
        most_remembered: int = MOST_REMEMBERED,
    ) -> None:
        self._chain = chain
        self._admission = admission
        self._metrics = metrics
        self._remembered_s = remembered_s
        self._most_remembered = most_remembered
        self._by_key: dict[str, Run] = {}
        self._running: dict[str, Run] = {}
        self._finished: OrderedDict[str, Run] = OrderedDict()
        self._expiries: dict[str, asyncio.TimerHandle] = {}

    def joinable(self, key: str) -> Run | None:
        """The run that is making, or has just made, what this key stands for."""
        return self._by_key.get(key)

    def with_id(self, summary_id: str) -> Run | None:
        """The run of a summary, under way or finished within the last minute."""
        return self._running.get(summary_id) or self._finished.get(summary_id)

    def refuse_if_full(self, ticket: Ticket) -> None:
        """Raise Overloaded where a run that begins now would be refused its place at once."""
        self._admission.refuse_if_full(ticket)

    def begin(
        self,
        key: str,
        chain_input: ChainInput,
        ticket: Ticket,
        reusable: Callable[[SummaryEvent], bool] = lambda _: True,
    ) -> Run:
        """Begin a run; others may join it by its key. It needs a reader, and goes when that has gone.

        `reusable` says of its last event whether the summary may answer for others who come later.
        """
        request = chain_input.request
        subject = Subject(chain_input.summary_id, request.patient_id, request.template)
        run = Run(subject, key, ticket=ticket, reusable=reusable, ended_as=self._ended)
        self._by_key[key] = self._running[run.subject.summary_id] = run
        run.begin(self._make(run, chain_input, ticket))
        return run

    def remember(self, run: Run) -> None:
        """Hold a finished run for a while."""
        summary_id = run.subject.summary_id
        self._finished[summary_id] = run
        self._expiries[summary_id] = asyncio.get_running_loop().call_later(self._remembered_s, self.forget, summary_id)
        while len(self._finished) > self._most_remembered:
            self.forget(next(iter(self._finished)))

    def forget(self, summary_id: str) -> None:
        """Hold a finished run no longer."""
        run = self._finished.pop(summary_id, None)
        if run:
            self._expiries.pop(summary_id).cancel()
            self._unjoin(run)

    def forget_others(self, generation: Generation) -> None:
        """Hold no finished run of a patient who is not in the index any more."""
        for summary_id, run in list(self._finished.items()):
            if not generation.has(run.subject.patient_id):
                self.forget(summary_id)

    def settle(self, run: Run) -> None:
        """Say that the state database holds what can be held of it, so that its key need not lead to it any more."""
        run.stored()
        self._unjoin(run)

    def hand_back(self, error: AnamnesisError) -> None:
        """End every run that is under way, in that error."""
        for run in list(self._running.values()):
            run.give_up(error)

    async def aclose(self) -> None:
        """Stop what is under way and hold nothing any more."""
        await asyncio.gather(*(run.cancel() for run in list(self._running.values())))
        for summary_id in list(self._finished):
            self.forget(summary_id)
        self._by_key.clear()

    def _unjoin(self, run: Run) -> None:
        if self._by_key.get(run.key) is run:
            del self._by_key[run.key]

    def _ended(self, run: Run) -> None:
        self._running.pop(run.subject.summary_id, None)
        if isinstance(run.error, Abandoned):
            self._metrics.cancelled.labels(run.ticket.stage if run.ticket else "queued").inc()
        if run.error or not run.reusable:
            self._unjoin(run)
        if not run.error:
            self.remember(run)

    async def _make(self, run: Run, chain_input: ChainInput, ticket: Ticket) -> None:
        try:
            with span("summarize"):
                async with self._admission.place(ticket), aclosing(self._chain.astream(chain_input)) as events:
                    async for event in events:
                        run.publish(event)
            run.end(None)
        except AnamnesisError as e:
            run.end(e)
        except Exception as e:
            log.error("the chain failed", extra=traits_of(e))
            run.end(AnamnesisError("the summary failed for a reason of the service's own"))
