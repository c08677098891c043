"""POST, GET and DELETE /summarize/batch."""

from fastapi import APIRouter, Request, Response

from app.audit import entry_for
from app.auth import caller_of
from app.batch import Batch, BatchBody, order_of
from app.documented import problems
from app.json_answer import json_answer
from app.routes.context import ServicesOf
from app.schemas import SummaryPath

router = APIRouter(tags=["batches"])
PATH = "/summarize/batch"


@router.post(PATH, response_model=Batch, status_code=202, responses=problems(401, 403, 413, 422, 429, 500, 503))
async def submit(request: Request, services: ServicesOf, body: BatchBody) -> Response:
    """Ask for many summaries; they are made behind whoever waits, also after a restart."""
    order = await order_of(request, body)
    batch = await services.batches.submit(order, entry_for(request, "submit_batch"))
    answer = json_answer(batch, status=202)
    answer.headers["Location"] = f"{PATH}/{batch.batch_id}"
    return answer


@router.get(f"{PATH}/{{batch_id}}", response_model=Batch, responses=problems(401, 403, 404, 422, 429, 500, 503))
async def progress(request: Request, services: ServicesOf, batch_id: SummaryPath) -> Response:
    """How far a batch is, and the ids of its summaries."""
    return json_answer(await services.batches.progress(batch_id, caller_of(request).name))


@router.delete(f"{PATH}/{{batch_id}}", response_model=Batch, responses=problems(401, 403, 404, 422, 429, 500, 503))
async def cancel(request: Request, services: ServicesOf, batch_id: SummaryPath) -> Response:
    """Give up what is not made yet; what was made stays."""
    entry = entry_for(request, "cancel_batch")
    return json_answer(await services.batches.cancel(batch_id, caller_of(request).name, entry))
