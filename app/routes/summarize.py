"""POST /summarize."""

from fastapi import APIRouter, Request, Response

from app.accept import prefers_events
from app.audit import entry_for
from app.documented import EVENTS, problems
from app.event_stream import EventStream
from app.request_id import request_id_of
from app.routes.context import ServicesOf
from app.schemas import SummarizeBody
from app.single_answer import answer_whole
from core.records import Summary

router = APIRouter(tags=["summaries"])


@router.post(
    "/summarize",
    response_model=Summary,
    responses={200: EVENTS, **problems(401, 403, 404, 409, 413, 422, 429, 500, 503, 504)},
)
async def summarize(request: Request, body: SummarizeBody, services: ServicesOf) -> Response:
    """Summarize one chart, as JSON or, where `Accept` prefers it, as server-sent events."""
    entry = entry_for(request, "summarize", patient_id=body.patient_id)
    events = services.summarizer.summarize(body.to_record(), entry)
    if not prefers_events(request.headers.get("accept", "")):
        return await answer_whole(request, events)
    # Whatever fails before the first event is answered with its own status.
    first = await anext(events)
    return EventStream(first, events, request_id=request_id_of(request), metrics=services.metrics)
