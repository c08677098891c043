"""GET /notes/{id}."""

import asyncio

from fastapi import APIRouter, Request, Response

from app.audit import audit_reading, audited_failure
from app.documented import problems
from app.json_answer import json_answer
from app.routes.context import ServicesOf
from app.schemas import NotePath
from core.records import Note

router = APIRouter(tags=["charts"])


@router.get("/notes/{note_id:path}", response_model=Note, responses=problems(401, 403, 404, 409, 422, 429, 500, 503))
async def read_note(request: Request, services: ServicesOf, note_id: NotePath) -> Response:
    """One note with its text as stored; offsets of citations count its Unicode code points."""
    async with audited_failure(request, "read_note", note_ids=(note_id,)):
        note = await asyncio.to_thread(services.store.generation.note, note_id)
    await audit_reading(request, "read_note", patient_id=note.patient_id, note_ids=(note_id,))
    return json_answer(note)
