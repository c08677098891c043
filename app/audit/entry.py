"""One line of the audit log."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Action: TypeAlias = Literal[
    "list_patients",
    "view_chart",
    "read_note",
    "summarize",
    "read_summary",
    "give_feedback",
    "submit_batch",
    "cancel_batch",
    "sign_in",
    "sign_out",
    "access",
    # Written by `python -m ingest.erase`.
    "erase",
    "lift_erasure",
]

UNSPECIFIED = "unspecified"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to which chart.

    `outcome` is "ok", "started" (a stream whose end is an entry of its own), "denied", "cancelled", "not_modified" or
    an error's code. `target` is the path of a request that was denied, or names a batch. Two entries of one request
    share `request_id`.
    """

    request_id: str
    caller: str
    action: Action
    outcome: str
    patient_id: str | None = None
    purpose: str = UNSPECIFIED
    note_ids: tuple[str, ...] = ()
    summary_id: str | None = None
    target: str | None = None
