"""Signed-in sessions of the page. Only a digest of the session's id is kept."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session; times are Unix seconds. `key_digest` ties it to the key it was opened with."""

    session_digest: str
    caller: str
    key_digest: str
    created_at: float
    expires_at: float


def insert_session(connection: sqlite3.Connection, row: SessionRow) -> None:
    """Keep a session, and forget those that have expired."""
    connection.execute("DELETE FROM sessions WHERE expires_at <= ?", (row.created_at,))
    connection.execute(
        "INSERT INTO sessions VALUES (?, ?, ?, ?, ?)",
        (row.session_digest, row.caller, row.key_digest, row.created_at, row.expires_at),
    )


def find_session(session_digest: str, now: float) -> Callable[[sqlite3.Connection], SessionRow | None]:
    """A job that fetches a session which has not expired."""

    def job(connection: sqlite3.Connection) -> SessionRow | None:
        row = connection.execute(
            "SELECT session_digest, caller, key_digest, created_at, expires_at FROM sessions"
            " WHERE session_digest = ? AND expires_at > ?",
            (session_digest, now),
        ).fetchone()
        return SessionRow(*row) if row else None

    return job


def delete_session(connection: sqlite3.Connection, session_digest: str) -> None:
    """Forget a session."""
    connection.execute("DELETE FROM sessions WHERE session_digest = ?", (session_digest,))
