"""Writing and listing the audit log."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from app.audit.entry import AuditEntry
from app.state import StateDatabase
from core.errors import AuditUnavailable

log = logging.getLogger(__name__)

Job = Callable[[sqlite3.Connection], Any]


class AuditLog:
    """Appends entries to the state database. Nothing of a chart may be shown before `record` has returned."""

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    async def record(self, *entries: AuditEntry, along_with: Job | None = None) -> None:
        """Write one entry or more to disk, and in the same transaction do another job.

        Raises:
            AuditUnavailable: it could not be written.
        """

        def job(connection: sqlite3.Connection) -> None:
            for entry in entries:
                insert_entry(connection, entry)
            if along_with:
                along_with(connection)

        try:
            await self._database.run(job)
        except (sqlite3.Error, RuntimeError) as e:
            log.error("audit entry not written", extra={"action": entries[0].action, "error": type(e).__name__})
            raise AuditUnavailable("the audit log cannot be written, so nothing may be shown; try again later") from e


def insert_entry(connection: sqlite3.Connection, entry: AuditEntry) -> None:
    """Append one entry; to be run within a transaction."""
    connection.execute(
        "INSERT INTO audit (at, request_id, caller, action, patient_id, purpose, note_ids, summary_id, target, outcome)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            datetime.now(UTC).isoformat(timespec="milliseconds"),
            entry.request_id,
            entry.caller,
            entry.action,
            entry.patient_id,
            entry.purpose,
            orjson.dumps(entry.note_ids).decode(),
            entry.summary_id,
            entry.target,
            entry.outcome,
        ),
    )


def list_entries(
    connection: sqlite3.Connection, *, patient_id: str | None = None, since: str | None = None
) -> Iterator[dict[str, Any]]:
    """The entries as JSON-ready rows, oldest first. `since` is an ISO date or UTC time, compared as text."""
    cursor = connection.execute(
        "SELECT at, request_id, caller, action, patient_id, purpose, note_ids, summary_id, target, outcome FROM audit"
        " WHERE (?1 IS NULL OR patient_id = ?1) AND (?2 IS NULL OR at >= ?2) ORDER BY entry_id",
        (patient_id, since),
    )
    names = [column[0] for column in cursor.description]
    for row in cursor:
        fields = dict(zip(names, row, strict=True))
        yield {**fields, "note_ids": orjson.loads(fields["note_ids"])}
