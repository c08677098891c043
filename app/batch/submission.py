"""Reading what a caller asks for."""

import hashlib
from typing import Annotated, Any, TypeAlias

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError

from app.audit.reading import purpose_of
from app.auth import caller_of
from app.batch.records import ItemError, Order, OrderedItem
from app.problems import field_problems
from app.request_id import request_id_of
from app.schemas import SummarizeBody, SummaryOptions
from core.errors import InvalidRequest

MOST_ITEMS = 500
_MOST_KEY_CHARS = 255
# In the brackets by which app/problems.py knows that they are no fields.
_REQUESTS, _PATIENTS = "<requests>", "<patient_ids>"


class ListedRequests(BaseModel):
    """Each summary as POST /summarize takes it. A bad one fails alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests: tuple[Any, ...] = Field(min_length=1, max_length=MOST_ITEMS)

    def wishes(self) -> list[Any]:
        """One body of POST /summarize for each summary; of any form, since nothing of it was read yet."""
        return list(self.requests)


class ListedPatients(SummaryOptions):
    """Patients, and what their summaries should be like. A bad id fails alone."""

    patient_ids: tuple[Any, ...] = Field(min_length=1, max_length=MOST_ITEMS)

    def wishes(self) -> list[Any]:
        """One body of POST /summarize for each summary."""
        shared = self.model_dump(exclude={"patient_ids"}, exclude_unset=True)
        return [{**shared, "patient_id": patient_id} for patient_id in self.patient_ids]


def _kind(body: Any) -> str:
    named = body if isinstance(body, dict) else {}
    return _REQUESTS if "requests" in named else _PATIENTS


BatchBody: TypeAlias = Annotated[
    Annotated[ListedRequests, Tag(_REQUESTS)] | Annotated[ListedPatients, Tag(_PATIENTS)], Discriminator(_kind)
]


async def order_of(request: Request, body: ListedRequests | ListedPatients) -> Order:
    """The order that a request places. Raises InvalidRequest where a header cannot be understood."""
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= _MOST_KEY_CHARS):
        raise InvalidRequest(f"the header Idempotency-Key takes 1 to {_MOST_KEY_CHARS} characters")
    return Order(
        caller=caller_of(request).name,
        request_id=request_id_of(request),
        purpose=purpose_of(request),
        key_digest=None if key is None else _digest(key.encode()),
        request_digest=_digest(await request.body()),
        items=tuple(_item(wish) for wish in body.wishes()),
    )


def _item(wish: Any) -> OrderedItem:
    if not isinstance(wish, dict):
        return OrderedItem("", None, ItemError("invalid_request", "this is no JSON object"))
    try:
        request = SummarizeBody.model_validate(wish).to_record()
    except ValidationError as e:
        told = "; ".join(f"{p['field']}: {p['problem']}" for p in field_problems(e.errors())[:5])
        named = "patient_id" in wish and all(error["loc"][0] != "patient_id" for error in e.errors())
        return OrderedItem(wish["patient_id"] if named else "", None, ItemError("invalid_request", told))
    return OrderedItem(request.patient_id, request)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
