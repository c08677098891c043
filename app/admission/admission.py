"""Places for summaries: given out fairly, to those that still want them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.admission.limit import AdaptiveLimit
from app.admission.pace import Pace
from app.admission.queue import FairQueue
from app.admission.ticket import Priority, Ticket
from app.admission.waiter import Waiter, too_late
from chains.models import EngineLoad
from core.errors import Overloaded
from core.telemetry import Metrics
from core.tracing import span

# Without a model a summary is work for this process alone: more at once only make each slower, and the loop busier.
EXTRACTIVE_PLACES = 2
# What batches leave free, so that one who comes does not find every place taken for as long as a summary takes.
BATCH_SHARE = 0.75
_OWN_SHARE = "too many summaries of yours are waiting; try again in a moment"
_ALL = "too many summaries are being worked on; try again in a moment"


class QueueFull(Overloaded):
    """The whole queue is full, whoever asks."""

    status = 503


class Admission:
    """At most `limit` places. Those that wait are queued, interactive before batch, fairly among callers.

    Args:
        max_queued: how many of each priority may wait.
        max_wait_s: an interactive one that would probably wait longer than this is refused at once.
        batch_after: while others wait, one item of a batch is let in after so many of them; 0 lets batches wait for
            as long as anybody else does.
    """

    def __init__(
        self,
        *,
        limit: AdaptiveLimit,
        max_queued: int,
        metrics: Metrics,
        max_wait_s: float = 30.0,
        batch_after: int = 10,
    ) -> None:
        self._adaptive = limit
        self._limit = limit.ceiling
        self._follows = False
        self._max_wait_s = max_wait_s
        self._batch_after = batch_after
        self._passed_over = 0
        self._queues: dict[Priority, FairQueue] = {"interactive": FairQueue(max_queued), "batch": FairQueue(max_queued)}
        self._waiters: dict[Ticket, Waiter] = {}
        self._inflight = 0
        self._pace = Pace()
        self._metrics = metrics
        metrics.concurrency_limit.set(self._limit)

    @property
    def limit(self) -> int:
        """How many may be worked on at once now."""
        return self._limit

    @property
    def inflight(self) -> int:
        """How many are worked on."""
        return self._inflight

    @property
    def batch_places(self) -> int:
        """How many of them batches may hold."""
        return max(1, int(self._limit * BATCH_SHARE))

    @asynccontextmanager
    async def place(self, ticket: Ticket) -> AsyncIterator[None]:
        """Wait for a place and hold it.

        Raises:
            Overloaded: at once; 429 where the caller's share of the queue is full, 503 where the whole queue is. Its
                `retry_after_s` is when those that wait now will probably have been given their places.
            DeadlineExceeded: as soon as the ticket's deadline passed without a place.
        """
        with span("queue", priority=ticket.priority):
            priority = await self._enter(ticket)
        begun = asyncio.get_running_loop().time()
        self._pace.begin(begun)
        try:
            yield
            if self._follows:
                self._adaptive.completed(inflight=self._inflight)
                self._set_limit(self._adaptive.value)
        finally:
            self._pace.end(begun, asyncio.get_running_loop().time())
            self._leave(ticket.caller, priority)

    def refuse_if_full(self, ticket: Ticket) -> None:
        """Raise what `place` would raise at once: for a request that only a place can answer, before work on it.

        Raises:
            Overloaded.
        """
        if not self._has_room_for(ticket.priority):
            self._refuse_if_full(ticket, asyncio.get_running_loop().time())

    def adapt(self, load: EngineLoad) -> None:
        """Follow a model server that tells its load."""
        self._follows = True
        self._adaptive.observe(load, inflight=self._inflight)
        self._set_limit(self._adaptive.value)

    def adapt_to_unknown(self) -> None:
        """There is a model, and its load cannot be seen: as many as the settings allow."""
        self._follows = False
        self._set_limit(self._adaptive.ceiling)

    def adapt_to_none(self) -> None:
        """Summaries are extractive: as many as keep one processor busy."""
        self._follows = False
        self._set_limit(min(EXTRACTIVE_PLACES, self._adaptive.ceiling))

    def _set_limit(self, limit: int) -> None:
        self._limit = limit
        self._metrics.concurrency_limit.set(limit)
        self._hand_out()

    async def _enter(self, ticket: Ticket) -> Priority:
        now = asyncio.get_running_loop().time()
        if ticket.deadline is not None and ticket.deadline <= now:
            raise too_late()
        if self._has_room_for(ticket.priority):
            self._give(ticket, ticket.caller, ticket.priority, waited_s=0.0)
            return ticket.priority
        self._refuse_if_full(ticket, now)
        return await self._wait(Waiter(ticket, left=self._unqueue, moved=self._move))

    async def _wait(self, waiter: Waiter) -> Priority:
        self._queue(waiter)
        try:
            return await waiter.granted
        except asyncio.CancelledError:
            # It may have been given a place in the very moment in which its reader left.
            if waiter.was_granted():
                self._leave(waiter.ticket.caller, waiter.queued_as)
            raise
        finally:
            self._unqueue(waiter)

    def _queue(self, waiter: Waiter) -> None:
        self._waiters[waiter.ticket] = waiter
        self._queues[waiter.queued_as].put(waiter.ticket)
        self._metrics.queued_summaries.set(len(self._waiters))

    def _unqueue(self, waiter: Waiter) -> None:
        if self._waiters.pop(waiter.ticket, None):
            waiter.close()
            self._queues[waiter.queued_as].remove(waiter.ticket)
            self._metrics.queued_summaries.set(len(self._waiters))

    def _move(self, waiter: Waiter) -> None:
        """Its priority changed, or whom it stands for. It is not refused for that: it was let in already."""
        if waiter.ticket.priority == waiter.queued_as:
            self._queues[waiter.queued_as].refile(waiter.ticket)
            return
        self._queues[waiter.queued_as].remove(waiter.ticket)
        waiter.queued_as = waiter.ticket.priority
        self._queues[waiter.queued_as].put(waiter.ticket)
        self._hand_out()

    def _hand_out(self) -> None:
        while waiter := self._next():
            caller = self._queues[waiter.queued_as].whose_turn(waiter.ticket)
            self._unqueue(waiter)
            if waiter.grant():
                self._give(waiter.ticket, caller, waiter.queued_as, waited_s=waiter.waited_s)

    def _next(self) -> Waiter | None:
        """Whose turn it is, where there is a place."""
        person = self._queues["interactive"].first() if self._has_room_for("interactive") else None
        batch = self._queues["batch"].first() if self._has_room_for("batch") else None
        chosen = person or batch
        if person and batch and self._batch_after:
            self._passed_over = (self._passed_over + 1) % (self._batch_after + 1)
            chosen = person if self._passed_over else batch
        return self._waiters[chosen] if chosen else None

    def _has_room_for(self, priority: Priority) -> bool:
        if self._inflight >= self._limit:
            return False
        return priority == "interactive" or self._queues["batch"].held < self.batch_places

    def _give(self, ticket: Ticket, caller: str, priority: Priority, *, waited_s: float) -> None:
        ticket.begin(caller)
        self._queues[priority].take(caller)
        self._count(1)
        self._metrics.queue_seconds.labels(priority).observe(waited_s)

    def _leave(self, caller: str, priority: Priority) -> None:
        self._queues[priority].give_back(caller)
        self._count(-1)
        self._hand_out()

    def _count(self, change: int) -> None:
        self._inflight += change
        self._metrics.inflight_summaries.set(self._inflight)

    def _refuse_if_full(self, ticket: Ticket, now: float) -> None:
        queue = self._queues[ticket.priority]
        refusal = queue.refusal(ticket.caller)
        if refusal is None and ticket.priority == "interactive" and self._would_wait_too_long(ticket, now):
            refusal = queue.blame(ticket.caller)
        if refusal is None:
            return
        error = Overloaded(_OWN_SHARE) if refusal == "own_share" else QueueFull(_ALL)
        error.retry_after_s = self._pace.retry_after_s(len(queue), self._limit, now)
        raise error

    def _would_wait_too_long(self, ticket: Ticket, now: float) -> bool:
        """Whether its turn would come when nobody waits any more, or too late to finish."""
        ahead = self._queues["interactive"].ahead(ticket.caller)
        wait_s, held_s = self._pace.wait_s(ahead, self._limit, now), self._pace.held_s(now)
        if not ahead or wait_s is None or held_s is None:
            return False
        left_s = float("inf") if ticket.deadline is None else ticket.deadline - now - held_s
        return wait_s > min(self._max_wait_s, left_s)
