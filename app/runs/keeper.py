"""Keeping a finished run in the state database, once, along with the audit entry of whoever reads its end first."""

import sqlite3
import time
from collections.abc import Callable

from app.runs.order import order_of
from app.runs.registry import Runs
from app.runs.run import Run
from app.state import insert_cached, insert_replay, insert_summary, insert_trace
from chains.trace import encode_trace
from core.records import SummaryEvent


class Keeper:
    """Keeps the summary, how it came about, how it is read again, and for `cache_hours` the key it answers for."""

    def __init__(self, runs: Runs, *, cache_hours: float) -> None:
        self._runs = runs
        self._cache_hours = cache_hours

    def job(self, run: Run, caller: str) -> Callable[[sqlite3.Connection], None] | None:
        """What is to be done in the transaction of the audit entry; nothing for a run that is kept."""
        if run.keep is None and not run.kept:
            run.keep = self._job(run, caller)
        return run.keep

    def _job(self, run: Run, caller: str) -> Callable[[sqlite3.Connection], None] | None:
        event, evidence = run.events[-1], run.evidence
        if not isinstance(event, SummaryEvent) or evidence is None:
            return None
        summary, body = event.summary, run.body
        trace = encode_trace(event.trace) if event.trace else None
        order = order_of(run.events)
        key = run.key if run.reusable and self._cache_hours else ""

        def keep(connection: sqlite3.Connection) -> None:
            # Another reader of the run may have been quicker.
            if not insert_summary(connection, summary, body, caller):
                return
            if trace is not None:
                insert_trace(connection, summary.summary_id, trace)
            if order is not None:
                insert_replay(connection, summary.summary_id, evidence.note_ids, order, run.key)
                if key:
                    insert_cached(connection, key, summary.summary_id, now=time.time(), hours=self._cache_hours)

        return keep

    def done(self, run: Run) -> None:
        """Say that the job was done. From now on the key leads to the database."""
        if not run.kept:
            self._runs.settle(run)
