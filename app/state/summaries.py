"""Finished summaries, kept as the very bytes that were answered."""

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from core.errors import SummaryNotFound
from core.records import Summary


@dataclass(frozen=True, slots=True)
class StoredSummary:
    """A summary as it was answered. `digest` is the SHA-256 of `body`; `note_ids` are the notes it quotes."""

    summary_id: str
    created_at: str
    caller: str
    patient_id: str
    template: str
    mode: str
    digest: str
    note_ids: tuple[str, ...]
    body: bytes

    def statement_ids(self) -> frozenset[str]:
        """The ids of its statements."""
        sections = orjson.loads(self.body)["sections"]
        return frozenset(s["statement_id"] for section in sections for s in section["statements"])


def cited_notes(summary: Summary) -> tuple[str, ...]:
    """The ids of the notes that a summary quotes, in order of first mention."""
    cited = [c.note_id for section in summary.sections for s in section.statements for c in s.citations]
    cited += [c.note_id for conflict in summary.conflicts for c in conflict.citations]
    return tuple(dict.fromkeys(cited))


def insert_summary(connection: sqlite3.Connection, summary: Summary, body: bytes, caller: str) -> bool:
    """Keep a summary, unless it is kept already, and say whether it was new; to be run within a transaction."""
    done = connection.execute(
        "INSERT INTO summaries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (summary_id) DO NOTHING",
        (
            summary.summary_id,
            summary.generated_at,
            caller,
            summary.patient_id,
            summary.template,
            summary.mode,
            hashlib.sha256(body).hexdigest(),
            orjson.dumps(cited_notes(summary)).decode(),
            orjson.dumps(summary.provenance).decode(),
            body,
        ),
    )
    return done.rowcount == 1


def insert_trace(connection: sqlite3.Connection, summary_id: str, trace: bytes) -> None:
    """Keep how a summary came about, for replay; to be run within the transaction that keeps the summary."""
    connection.execute("INSERT INTO traces VALUES (?, ?)", (summary_id, trace))


def find_summary(summary_id: str) -> Callable[[sqlite3.Connection], StoredSummary]:
    """A job that fetches a summary. It raises SummaryNotFound."""

    def job(connection: sqlite3.Connection) -> StoredSummary:
        row = connection.execute(
            "SELECT summary_id, created_at, caller, patient_id, template, mode, digest, note_ids, body"
            " FROM summaries WHERE summary_id = ?",
            (summary_id,),
        ).fetchone()
        if row is None:
            raise SummaryNotFound("no stored summary has this id")
        values = [*row[:7], tuple(orjson.loads(row[7])), row[8]]
        return StoredSummary(*values)

    return job
