"""What the service itself writes: summaries, feedback, the audit log and sessions."""

from app.state.database import StateDatabase, StateMismatch
from app.state.feedback import Feedback, Verdict, insert_feedback
from app.state.replays import Replay, evict, find_cached, find_replay, insert_cached, insert_replay
from app.state.sessions import SessionRow, delete_session, find_session, insert_session
from app.state.summaries import StoredSummary, cited_notes, find_summary, insert_summary, insert_trace

__all__ = [
    "Feedback",
    "Replay",
    "SessionRow",
    "StateDatabase",
    "StateMismatch",
    "StoredSummary",
    "Verdict",
    "cited_notes",
    "delete_session",
    "evict",
    "find_cached",
    "find_replay",
    "find_session",
    "find_summary",
    "insert_cached",
    "insert_feedback",
    "insert_replay",
    "insert_session",
    "insert_summary",
    "insert_trace",
]
