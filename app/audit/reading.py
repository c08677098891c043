"""Making audit entries out of requests."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import HTTPConnection, Request

from app.audit.entry import UNSPECIFIED, Action, AuditEntry
from app.auth import caller_of
from app.request_id import request_id_of
from core.errors import AnamnesisError, InvalidRequest

_PURPOSE = re.compile(r"[ -~]{1,120}")


def purpose_of(request: HTTPConnection) -> str:
    """What the caller says it reads for, from the header `X-Purpose`. Raises InvalidRequest."""
    purpose = request.headers.get("x-purpose", UNSPECIFIED).strip()
    if not _PURPOSE.fullmatch(purpose):
        raise InvalidRequest("the header X-Purpose takes 1 to 120 printable ASCII characters")
    return purpose


def entry_for(
    request: HTTPConnection,
    action: Action,
    *,
    outcome: str = "ok",
    patient_id: str | None = None,
    note_ids: tuple[str, ...] = (),
    summary_id: str | None = None,
) -> AuditEntry:
    """The entry for what this request is about to show."""
    return AuditEntry(
        request_id=request_id_of(request),
        caller=caller_of(request).name,
        action=action,
        outcome=outcome,
        patient_id=patient_id,
        purpose=purpose_of(request),
        note_ids=note_ids,
        summary_id=summary_id,
    )


async def audit_reading(
    request: Request,
    action: Action,
    *,
    outcome: str = "ok",
    patient_id: str | None = None,
    note_ids: tuple[str, ...] = (),
    summary_id: str | None = None,
) -> None:
    """Write down what is about to be shown. Raises AuditUnavailable, and then nothing may be shown."""
    entry = entry_for(request, action, outcome=outcome, patient_id=patient_id, note_ids=note_ids, summary_id=summary_id)
    await request.app.state.services.audit.record(entry)


@asynccontextmanager
async def audited_failure(
    request: Request,
    action: Action,
    *,
    patient_id: str | None = None,
    note_ids: tuple[str, ...] = (),
    summary_id: str | None = None,
) -> AsyncIterator[None]:
    """Write down an attempt to read that fails, with the error's code as its outcome."""
    try:
        yield
    except AnamnesisError as e:
        await audit_reading(
            request, action, outcome=e.code, patient_id=patient_id, note_ids=note_ids, summary_id=summary_id
        )
        raise
