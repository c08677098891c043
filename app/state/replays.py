"""How a kept summary is read again as the events it was, and under which key it answers for another request."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from core.errors import SummaryNotFound

_COLUMNS = "summary_id, patient_id, template, replays.note_ids, events, body"


@dataclass(frozen=True, slots=True)
class Replay:
    """A kept summary: `note_ids` are the notes considered, `events` its events in order (`app.runs.order`)."""

    summary_id: str
    patient_id: str
    template: str
    note_ids: tuple[str, ...]
    events: str
    body: bytes


def insert_replay(
    connection: sqlite3.Connection, summary_id: str, note_ids: tuple[str, ...], events: str, key: str
) -> None:
    """Keep how a summary is read again and for which key it was made, whether or not it ever answers for that; to be
    run within the transaction that keeps the summary."""
    connection.execute(
        "INSERT INTO replays (summary_id, note_ids, events, made_for) VALUES (?, ?, ?, ?)",
        (summary_id, orjson.dumps(note_ids).decode(), events, key),
    )


def find_replay(summary_id: str) -> Callable[[sqlite3.Connection], Replay]:
    """A job that fetches a summary with its events. It raises SummaryNotFound."""

    def job(connection: sqlite3.Connection) -> Replay:
        row = connection.execute(
            f"SELECT {_COLUMNS} FROM replays JOIN summaries USING (summary_id) WHERE summary_id = ?",  # noqa: S608
            (summary_id,),
        ).fetchone()
        if row is None:
            raise SummaryNotFound("no summary has this id, or it was made before its events were kept")
        return _replay(row)

    return job


def find_cached(key: str, made_after: float) -> Callable[[sqlite3.Connection], Replay | None]:
    """A job that fetches what was kept under a key after that time (Unix seconds)."""

    def job(connection: sqlite3.Connection) -> Replay | None:
        row = connection.execute(
            f"SELECT {_COLUMNS} FROM summary_cache JOIN replays USING (summary_id) "  # noqa: S608
            "JOIN summaries USING (summary_id) WHERE key = ? AND made_at > ?",
            (key, made_after),
        ).fetchone()
        return _replay(row) if row else None

    return job


def insert_cached(connection: sqlite3.Connection, key: str, summary_id: str, *, now: float, hours: float) -> None:
    """Let a summary that is kept answer for a key, instead of any before it, and forget what is older than `hours`."""
    connection.execute("DELETE FROM summary_cache WHERE made_at <= ?", (now - hours * 3600,))
    connection.execute(
        "INSERT INTO summary_cache VALUES (?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET summary_id = excluded.summary_id, made_at = excluded.made_at",
        (key, summary_id, now),
    )


def evict(connection: sqlite3.Connection, summary_id: str) -> None:
    """Let nothing that was made for the same as a summary answer for a request any more, not one that took its place
    either: it may say the same. Both stay readable by their ids."""
    connection.execute(
        "DELETE FROM summary_cache WHERE summary_id = ?1 OR key = (SELECT made_for FROM replays WHERE summary_id = ?1)",
        (summary_id,),
    )


def _replay(row: tuple[str, str, str, str, str, bytes]) -> Replay:
    summary_id, patient_id, template, note_ids, events, body = row
    return Replay(summary_id, patient_id, template, tuple(orjson.loads(note_ids)), events, body)
