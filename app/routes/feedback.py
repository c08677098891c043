"""POST /feedback."""

import sqlite3
from datetime import UTC, datetime
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from app.audit import entry_for
from app.auth import caller_of
from app.documented import problems
from app.json_answer import json_answer
from app.routes.context import ServicesOf
from app.schemas import FeedbackAnswer, FeedbackBody
from app.state import Feedback, evict, find_summary, insert_feedback
from core.errors import SummaryNotFound

router = APIRouter(tags=["summaries"])

WRONG = frozenset({"incorrect", "unsafe"})
"""Verdicts after which a summary is not shown to the next who asks for the same."""


@router.post(
    "/feedback",
    response_model=FeedbackAnswer,
    status_code=201,
    responses=problems(401, 403, 404, 413, 422, 429, 500, 503),
)
async def give_feedback(request: Request, services: ServicesOf, body: FeedbackBody) -> Response:
    """Say whether a summary, or one statement of it, is right."""
    stored = await services.state.run(find_summary(body.summary_id))
    if body.statement_id is not None and body.statement_id not in stored.statement_ids():
        raise SummaryNotFound("the summary has no such statement")
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    feedback = Feedback(uuid4().hex, now, caller_of(request).name, **body.model_dump())
    entry = entry_for(request, "give_feedback", patient_id=stored.patient_id, summary_id=body.summary_id)

    def keep(connection: sqlite3.Connection) -> None:
        insert_feedback(connection, feedback)
        if feedback.verdict in WRONG:
            evict(connection, feedback.summary_id)

    await services.audit.record(entry, along_with=keep)
    return json_answer({"feedback_id": feedback.feedback_id}, status=201)
