"""Keeping batches and working on them, behind whoever waits, and going on after a restart."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import uuid4

from app.audit.entry import AuditEntry
from app.audit.log import insert_entry
from app.batch import store
from app.batch.agenda import Agenda
from app.batch.making import make
from app.batch.records import Batch, Order
from app.batch.store import Unfinished
from app.state import StateDatabase
from app.summarizing import Summarizer
from core.errors import AuditUnavailable
from core.telemetry import Metrics

log = logging.getLogger(__name__)

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]

_LOOK_S = 2.0
_AGAIN_S = 10.0


class Batches:
    """Keeps batches in the state database and has their summaries made, at most `width()` at a time.

    Whoever waits at a screen is let before them by admission. What is pending is known here by number alone: what it
    is about is read when it is begun, so an item that is erased meanwhile is not begun.
    """

    def __init__(
        self,
        *,
        state: StateDatabase,
        summarizer: Summarizer,
        metrics: Metrics,
        width: Callable[[], int],
        known: Callable[[str], bool],
        keep_days: float,
        draining: Callable[[], bool] = lambda: False,
    ) -> None:
        self._state = state
        self._summarizer = summarizer
        self._metrics = metrics
        self._width = width
        self._known = known
        self._keep_days = keep_days
        self._draining = draining
        self._agenda = Agenda()
        self._tasks: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._news = asyncio.Event()

    async def submit(self, order: Order, entry: AuditEntry) -> Batch:
        """Keep a batch and its audit entry; it is worked on from now on.

        Raises:
            InvalidRequest: its Idempotency-Key stands for another body.
            Overloaded: the caller has too much pending.
            AuditUnavailable: it could not be written down.
        """
        batch_id = uuid4().hex

        def job(db: sqlite3.Connection) -> tuple[Unfinished, Batch]:
            store.delete_batches(db, finished_before=_days_ago(self._keep_days))
            kept = store.insert_batch(db, batch_id, order)
            insert_entry(db, _about(entry, kept.batch_id))
            return kept, store.find_batch(db, kept.batch_id, order.caller)

        kept, batch = await self._write(job)
        if kept.batch_id == batch_id:
            self._count("failed", batch.counts["failed"])
        self._take_up(kept)
        return batch

    async def progress(self, batch_id: str, caller: str) -> Batch:
        """How far a caller's batch is. Raises BatchNotFound."""
        running = self._agenda.under_way(batch_id)
        return await self._state.run(lambda db: store.find_batch(db, batch_id, caller, running))

    async def cancel(self, batch_id: str, caller: str, entry: AuditEntry) -> Batch:
        """Give up what is not made yet.

        Raises:
            BatchNotFound: the caller has no such batch.
            AuditUnavailable: it could not be written down; then what is pending is gone on with after a restart.
        """
        await self.progress(batch_id, caller)
        self._agenda.drop(batch_id)
        self._news.set()
        await _end([task for (batch, _), task in self._tasks.items() if batch == batch_id])

        def job(db: sqlite3.Connection) -> tuple[int, Batch]:
            store.settle_what_was_made(db, batch_id)
            taken_back = store.cancel_batch(db, batch_id)
            insert_entry(db, _about(entry, batch_id))
            return taken_back, store.find_batch(db, batch_id, caller)

        taken_back, batch = await self._write(job)
        self._count("cancelled", taken_back)
        return batch

    async def work(self) -> None:
        """Take up what an earlier process left, then work on whatever there is, for ever.

        Cancelling it gives up what is under way, which stays pending.
        """
        try:
            await self._resume()
            while True:
                self._news.clear()
                self._begin_what_fits()
                self._metrics.batch_waiting.set(self._agenda.left)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await self._news.wait()
        finally:
            await _end(list(self._tasks.values()))

    def _begin_what_fits(self) -> None:
        while len(self._agenda) < self._width() and not self._draining() and (chosen := self._agenda.next()):
            self._tasks[chosen] = asyncio.create_task(self._work_on(*chosen))

    async def _work_on(self, batch_id: str, position: int) -> None:
        try:
            task = await self._insist(lambda db: store.find_task(db, batch_id, position))
            if task is None:
                # It was erased, and may have been the last that was pending.
                await self._insist(lambda db: store.finish_if_complete(db, batch_id))
            elif item := await make(self._summarizer, task):
                await self._insist(lambda db: store.finish_item(db, batch_id, item))
                self._count(item.state, 1)
        finally:
            del self._tasks[batch_id, position]
            self._agenda.done(batch_id, position)
            self._news.set()

    async def _resume(self) -> None:
        made = await self._insist(store.settle_what_was_made)
        self._count("ok", made)
        unfinished = await self._insist(store.unfinished_batches)
        for batch in unfinished:
            if self._known(batch.caller):
                self._take_up(batch)
            else:
                # Its key was taken away: nobody may read charts for it any more.
                self._count("cancelled", await self._insist(_cancelling(batch.batch_id)))
        if unfinished:
            log.info("batches resumed", extra={"batches": len(unfinished), "found_made": made})

    def _take_up(self, batch: Unfinished) -> None:
        self._agenda.add(batch)
        self._news.set()

    async def _write(self, job: Job[T]) -> T:
        try:
            return await self._state.run(job)
        except (sqlite3.Error, RuntimeError) as e:
            log.error("batch not written", extra={"error": type(e).__name__})
            raise AuditUnavailable("the state database cannot be written, so nothing is begun; try again later") from e

    async def _insist(self, job: Job[T]) -> T:
        """Run a job until it works: what was made must be written down, however long that takes."""
        while True:
            try:
                return await self._state.run(job)
            except sqlite3.Error as e:
                log.error("batch not written", extra={"error": type(e).__name__})
                await asyncio.sleep(_AGAIN_S)

    def _count(self, outcome: str, by: int) -> None:
        if by:
            self._metrics.batch_summaries.labels(outcome).inc(by)


def _cancelling(batch_id: str) -> Job[int]:
    return lambda db: store.cancel_batch(db, batch_id)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _about(entry: AuditEntry, batch_id: str) -> AuditEntry:
    return replace(entry, target=f"batch {batch_id}")


def _days_ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")
