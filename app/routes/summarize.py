"""POST /summarize."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import APIRouter, Request, Response

from app.accept import prefers_events
from app.audit import entry_for
from app.documented import EVENTS, problems
from app.event_stream import EventStream
from app.request_id import request_id_of
from app.routes.context import ServicesOf
from app.runs import NumberedEvent
from app.schemas import SummarizeBody
from app.single_answer import answer_whole, server_timing
from core.records import ChainEvent, Summary

router = APIRouter(tags=["summaries"])

LINGER_S = 0.5
"""How long the model goes on for a stream that broke: enough to come back, and gone within a second."""


@router.post(
    "/summarize",
    response_model=Summary,
    responses={200: EVENTS, **problems(401, 403, 404, 409, 413, 422, 429, 500, 503, 504)},
)
async def summarize(request: Request, body: SummarizeBody, services: ServicesOf) -> Response:
    """Summarize one chart, as JSON or, where `Accept` prefers it, as server-sent events."""
    entry = entry_for(request, "summarize", patient_id=body.patient_id)
    streamed = prefers_events(request.headers.get("accept", ""))
    events = services.summarizer.summarize(
        body.to_record(), entry, fresh=wants_fresh(request), linger_s=LINGER_S if streamed else 0.0
    )
    if not streamed:
        return await answer_whole(request, events)
    # Whatever fails before the first event is answered with its own status.
    first = await anext(events)
    stream = EventStream(first.event, _unnumbered(events), request_id=request_id_of(request), metrics=services.metrics)
    stream.headers["Server-Timing"] = server_timing(first.lookup)
    return stream


def wants_fresh(request: Request) -> bool:
    """Whether a caller will have nothing that was made before (RFC 9111, section 5.2.1.4)."""
    directives = request.headers.get("cache-control", "").lower().split(",")
    return "no-cache" in {directive.strip() for directive in directives}


async def _unnumbered(events: AsyncGenerator[NumberedEvent]) -> AsyncGenerator[ChainEvent]:
    async with aclosing(events):
        async for numbered in events:
            yield numbered.event
