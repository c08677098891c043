"""What readers say about summaries."""

import sqlite3
from dataclasses import dataclass
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["correct", "incorrect", "incomplete", "unsafe"]


@dataclass(frozen=True, slots=True)
class Feedback:
    """One reader's verdict on a summary, or on one statement of it. `created_at` is UTC in ISO 8601."""

    feedback_id: str
    created_at: str
    caller: str
    summary_id: str
    statement_id: str | None
    verdict: Verdict
    comment: str


def insert_feedback(connection: sqlite3.Connection, feedback: Feedback) -> None:
    """Keep it; to be run within a transaction."""
    connection.execute(
        "INSERT INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            feedback.feedback_id,
            feedback.created_at,
            feedback.caller,
            feedback.summary_id,
            feedback.statement_id,
            feedback.verdict,
            feedback.comment,
        ),
    )
