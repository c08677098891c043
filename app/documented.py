"""What the OpenAPI document says beyond the types of the routes."""

import http
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.problems import MEDIA_TYPE, Problem

_MEANINGS = {
    401: "No key or session that is known.",
    403: "Not from here: another site's page, a missing CSRF token, or a foreign Host.",
    404: "`patient_not_found`, `note_not_found`, `summary_not_found`, `batch_not_found` or `page_not_found`.",
    409: "`index_mismatch`: the index was built with other settings.",
    413: "`invalid_request`: the body is too large.",
    422: "`invalid_request`. No value that was sent is repeated.",
    429: "`overloaded` or `too_many_attempts`; see Retry-After.",
    500: "`internal_error`.",
    503: "`overloaded`, `draining`, `index_unavailable`, `audit_unavailable` or, only when required, "
    "`model_unavailable`; see Retry-After.",
    504: "`deadline_exceeded`.",
}
_WAITS = {429, 503}
# As OpenAPI 3.2 describes server-sent events; the data of each is JSON.
_EVENT = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "id": {"type": "string", "description": "Of the last one received, for `Last-Event-ID`."},
        "event": {"type": "string", "enum": ["evidence", "statement", "section", "summary", "error"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
}
EVENTS: dict[str, Any] = {
    "description": "The summary, or its making as events: evidence, statement, section, summary, error.",
    "content": {"text/event-stream": {"itemSchema": _EVENT}},
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route."""
    return {status: _problem(status) for status in statuses}


def _problem(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {"model": Problem, "description": _MEANINGS.get(status, http.HTTPStatus(status).phrase)}
    if status in _WAITS:
        answer["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return answer


def describe(app: FastAPI, *, with_keys: bool) -> dict[str, Any]:
    """The OpenAPI document; problems under their own media type, and how to sign in where that is needed."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    for path in document["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                content = answer.get("content", {})
                if status >= "400" and "application/json" in content:
                    content[MEDIA_TYPE] = content.pop("application/json")
    if with_keys:
        schemes = {"key": {"type": "http", "scheme": "bearer", "description": "An API key."}}
        document.setdefault("components", {})["securitySchemes"] = schemes
        for name, path in document["paths"].items():
            for operation in path.values():
                operation["security"] = [] if name in {"/healthz", "/readyz", "/metrics"} else [{"key": []}]
    app.openapi_schema = document
    return document
