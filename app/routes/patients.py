"""GET /patients and GET /patients/{id}."""

import asyncio

from fastapi import APIRouter, Request, Response

from app.audit import audit_reading, audited_failure
from app.documented import problems
from app.json_answer import json_answer
from app.routes.context import ServicesOf
from app.schemas import Cursor, PageSize, PatientAnswer, PatientPath, SearchText
from core.errors import AnamnesisError, InvalidRequest
from vectorstore.generation import PatientPage

router = APIRouter(tags=["charts"])


class PageNotFound(AnamnesisError):
    """A cursor that no page gave."""

    code, status = "page_not_found", 404


@router.get("/patients", response_model=PatientPage, responses=problems(401, 403, 404, 409, 422, 429, 500, 503))
async def list_patients(
    request: Request, services: ServicesOf, q: SearchText = "", limit: PageSize = 50, cursor: Cursor = None
) -> Response:
    """Patients whose id holds `q`, in order of id."""
    generation = services.store.generation
    try:
        page = await asyncio.to_thread(generation.patients, query=q, limit=limit, cursor=cursor or None)
    except InvalidRequest as e:
        raise PageNotFound("no page begins at this cursor; leave it out to start over") from e
    await audit_reading(request, "list_patients")
    return json_answer(page)


@router.get(
    "/patients/{patient_id:path}",
    response_model=PatientAnswer,
    responses=problems(401, 403, 404, 409, 422, 429, 500, 503),
)
async def read_patient(request: Request, services: ServicesOf, patient_id: PatientPath) -> Response:
    """The notes of one chart, oldest first, without their text."""
    async with audited_failure(request, "view_chart", patient_id=patient_id):
        chart = await asyncio.to_thread(services.store.generation.chart, patient_id)
    note_ids = tuple(h.note_id for h in chart.headers)
    await audit_reading(request, "view_chart", patient_id=patient_id, note_ids=note_ids)
    fields = {"patient_id": patient_id, "notes": chart.headers}
    return json_answer({**fields, "quarantined": chart.quarantined, "skipped": chart.skipped})
