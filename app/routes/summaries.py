"""GET /summaries/{id}."""

from fastapi import APIRouter, Request, Response

from app.audit import audit_reading, audited_failure
from app.documented import problems
from app.etag import etag_of, matches
from app.routes.context import ServicesOf
from app.schemas import SummaryPath
from app.state import find_summary
from core.records import Summary

router = APIRouter(tags=["summaries"])


@router.get(
    "/summaries/{summary_id}",
    response_model=Summary,
    responses={304: {"description": "Unchanged."}, **problems(401, 403, 404, 422, 429, 500, 503)},
)
async def read_summary(request: Request, services: ServicesOf, summary_id: SummaryPath) -> Response:
    """A summary that was made before, byte for byte as it was answered then."""
    async with audited_failure(request, "read_summary", summary_id=summary_id):
        stored = await services.state.run(find_summary(summary_id))
    etag = etag_of(stored.digest)
    known = matches(request.headers.get("if-none-match", ""), etag)
    await audit_reading(
        request,
        "read_summary",
        outcome="not_modified" if known else "ok",
        patient_id=stored.patient_id,
        note_ids=stored.note_ids,
        summary_id=summary_id,
    )
    if known:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(stored.body, media_type="application/json", headers={"ETag": etag})
