"""Errors as RFC 9457 problem details, by one mapping."""

import http
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from app.request_id import request_id_of
from core.errors import AnamnesisError, InvalidRequest, Unauthenticated
from core.telemetry import Metrics, traits_of

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:anamnesis:problem:"
_STATUS_CODES = {404: "not_found", 405: "method_not_allowed"}
_TURNED_AWAY = frozenset({401, 403, 429, 503})


class FieldProblem(BaseModel):
    """What is wrong with one field of a request. The value is never repeated: it may tell about a patient."""

    field: str = Field(description="Where it stands, for instance body.focus.")
    problem: str


class Problem(BaseModel):
    """RFC 9457 problem details; `code` is stable and meant for programs."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str = Field(description="Stands in the logs too; name it when asking for help.")
    errors: list[FieldProblem] | None = None


class BodyTooLarge(AnamnesisError):
    """The request's body is larger than the service reads."""

    code, status = "invalid_request", 413


class NoSuchPage(AnamnesisError):
    """Nothing answers at this path."""

    code, status = "not_found", 404


class FieldsInvalid(InvalidRequest):
    """A request of the wrong form. `errors` is what pydantic says; no value and no unknown field's name is kept."""

    def __init__(self, errors: Iterable[Mapping[str, Any]]) -> None:
        self.fields = tuple({"field": _place(e), "problem": _reason(e)} for e in errors)
        super().__init__("; ".join(f"{f['field']}: {f['problem']}" for f in self.fields[:5]))


def foreseen(failure: Exception) -> AnamnesisError:
    """The error to tell; an unforeseen one is logged without its message, which may quote input."""
    if isinstance(failure, AnamnesisError):
        return failure
    log.error("request failed", extra=traits_of(failure))
    return AnamnesisError("the service failed; its log says where")


def count_rejection(metrics: Metrics, error: AnamnesisError) -> None:
    """Count a request that was turned away for who sent it or when."""
    if error.status in _TURNED_AWAY:
        metrics.rejected.labels(error.code).inc()


def respond(request: HTTPConnection, error: AnamnesisError) -> Response:
    """The answer to a request that failed; a browser that is not signed in is sent to do so."""
    if isinstance(error, Unauthenticated) and _wants_page(request):
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(target, safe='')}", status_code=303)
    headers = {}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="anamnesis"'
    body = problem_of(error, request_id_of(request))
    return Response(body, error.status, headers=headers, media_type=MEDIA_TYPE)


def problem_of(error: AnamnesisError, request_id: str) -> bytes:
    """An error as JSON on one line."""
    fields = error.fields[:50] if isinstance(error, FieldsInvalid) else None
    return _problem(error.status, error.code, str(error), request_id, fields)


def _problem(
    status: int, code: str, detail: str, request_id: str, fields: Sequence[Mapping[str, str]] | None = None
) -> bytes:
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + code,
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }
    if fields is not None:
        body["errors"] = fields
    return orjson.dumps(body)


async def on_validation_error(request: Request, error: Exception) -> Response:
    """The answer to a request of the wrong form."""
    if not isinstance(error, RequestValidationError):
        raise error
    return respond(request, FieldsInvalid(error.errors()))


def field_problems(errors: Sequence[Any]) -> list[dict[str, str]]:
    """What is wrong with which field, of pydantic's errors; no value is repeated."""
    return [{"field": _place(e), "problem": _reason(e)} for e in errors]


async def on_http_error(request: Request, error: Exception) -> Response:
    """The answer to what the framework refuses: an unknown path, another method, an unreadable form."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 400 and isinstance(error.__cause__, ValueError | RecursionError):
        # How FastAPI tells of a body that it could not parse: no UTF-8, nested too deep, a number of too many digits.
        return respond(request, FieldsInvalid([{"loc": ("body",), "type": "json_invalid"}]))
    status = 422 if error.status_code == 400 else error.status_code
    code = _STATUS_CODES.get(status, "invalid_request" if status < 500 else "internal_error")
    detail = http.HTTPStatus(status).description or http.HTTPStatus(status).phrase
    body = _problem(status, code, detail, request_id_of(request))
    return Response(body, status, headers=dict(error.headers or {}), media_type=MEDIA_TYPE)


def _place(error: Mapping[str, Any]) -> str:
    """The field's name. The name of a field that does not exist is input, so it is not repeated.

    A part in angle brackets names which form of a body was taken (app/batch/submission.py) and is no field.
    """
    path = [str(part) for part in error["loc"] if not str(part).startswith("<")]
    if error["type"] == "extra_forbidden":
        path[-1] = "(unknown field)"
    return ".".join(path)


def _reason(error: Mapping[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return "this is no JSON"
    return str(error["msg"]).removeprefix("Value error, ")


def _wants_page(request: HTTPConnection) -> bool:
    return request.scope.get("method") == "GET" and "text/html" in request.headers.get("accept", "")
