"""POST /summarize."""

from fastapi import APIRouter, Request, Response

from app.accept import prefers_events
from app.audit import entry_for
from app.documented import EVENTS, problems
from app.event_ids import EventId
from app.event_stream import EventStream
from app.request_id import request_id_of
from app.routes.context import ServicesOf
from app.schemas import LastEventId, SummarizeBody
from app.single_answer import answer_whole
from app.taking_up import open_frames
from core.records import Summary

router = APIRouter(tags=["summaries"])


@router.post(
    "/summarize",
    response_model=Summary,
    responses={200: EVENTS, **problems(401, 403, 404, 409, 413, 422, 429, 500, 503, 504)},
)
async def summarize(
    request: Request, body: SummarizeBody, services: ServicesOf, last_event_id: LastEventId = ""
) -> Response:
    """Summarize one chart, as JSON or, where `Accept` prefers it, as server-sent events."""
    entry = entry_for(request, "summarize", patient_id=body.patient_id)
    asked, fresh = body.to_record(), wants_fresh(request)
    if not prefers_events(request.headers.get("accept", "")):
        return await answer_whole(request, services.summarizer.summarize(asked, entry, fresh=fresh))
    last = EventId.parse(last_event_id) if last_event_id else None
    frames = open_frames(services.summarizer, asked, entry, last=last, fresh=fresh)
    return EventStream(frames, request_id=request_id_of(request), metrics=services.metrics)


def wants_fresh(request: Request) -> bool:
    """Whether a caller will have nothing that was made before (RFC 9111, section 5.2.1.4)."""
    directives = request.headers.get("cache-control", "").lower().split(",")
    return "no-cache" in {directive.strip() for directive in directives}
