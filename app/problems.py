"""Errors as RFC 9457 problem details, by one mapping."""

import http
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.request_id import request_id_of
from core.errors import AnamnesisError, Unauthenticated
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


class ErrorBoundary:
    """Turns every error into a problem; what is unforeseen is logged without its message, which may quote input."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application within."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as e:
            if not isinstance(e, AnamnesisError):
                log.error("request failed", extra=traits_of(e))
            if started:
                return
            request = Request(scope)
            error = e if isinstance(e, AnamnesisError) else AnamnesisError("the service failed; its log says where")
            count_rejection(request.app.state.services.metrics, error)
            await respond(request, error)(scope, receive, send)


def count_rejection(metrics: Metrics, error: AnamnesisError) -> None:
    """Count a request that was turned away for who sent it or when."""
    if error.status in _TURNED_AWAY:
        metrics.rejected.labels(error.code).inc()


def respond(request: Request, error: AnamnesisError) -> Response:
    """The answer to a request that failed; a browser that is not signed in is sent to do so."""
    if isinstance(error, Unauthenticated) and request.method == "GET" and _wants_page(request):
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(target, safe='')}", status_code=303)
    headers = {}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="anamnesis"'
    return problem_response(error.status, error.code, str(error), request_id_of(request), headers=headers)


def problem_body(
    status: int, code: str, detail: str, request_id: str, *, errors: Sequence[dict[str, str]] | None = None
) -> bytes:
    """A problem as JSON on one line."""
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + code,
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }
    if errors is not None:
        body["errors"] = errors
    return orjson.dumps(body)


def problem_response(
    status: int,
    code: str,
    detail: str,
    request_id: str,
    *,
    errors: Sequence[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem as a response."""
    body = problem_body(status, code, detail, request_id, errors=errors)
    return Response(body, status, headers=headers, media_type=MEDIA_TYPE)


async def on_validation_error(request: Request, error: Exception) -> Response:
    """The answer to a request of the wrong form."""
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [{"field": _place(e), "problem": _reason(e)} for e in error.errors()]
    detail = "; ".join(f"{e['field']}: {e['problem']}" for e in errors[:5])
    return problem_response(422, "invalid_request", detail, request_id_of(request), errors=errors[:50])


async def on_http_error(request: Request, error: Exception) -> Response:
    """The answer to what the framework refuses: an unknown path, another method, an unreadable form."""
    if not isinstance(error, HTTPException):
        raise error
    status = 422 if error.status_code == 400 else error.status_code
    code = _STATUS_CODES.get(status, "invalid_request" if status < 500 else "internal_error")
    detail = http.HTTPStatus(status).description or http.HTTPStatus(status).phrase
    return problem_response(status, code, detail, request_id_of(request), headers=dict(error.headers or {}))


def _place(error: dict[str, Any]) -> str:
    """The field's name. The name of a field that does not exist is input, so it is not repeated."""
    path = [str(part) for part in error["loc"]]
    if error["type"] == "extra_forbidden":
        path[-1] = "(unknown field)"
    return ".".join(path)


def _reason(error: dict[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return "this is no JSON"
    return str(error["msg"]).removeprefix("Value error, ")


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
