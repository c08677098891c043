"""An id for each request, answered in `X-Request-Id` and written to logs and the audit log."""

import re
import secrets

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope

_ACCEPTED = re.compile(r"[A-Za-z0-9-]{8,64}")


def assign_request_id(scope: Scope) -> str:
    """Take the proxy's id if it looks like one, else make one, and keep it with the request."""
    given = Headers(scope=scope).get("x-request-id", "")
    request_id = given if _ACCEPTED.fullmatch(given) else secrets.token_hex(8)
    scope.setdefault("state", {})["request_id"] = request_id
    return request_id


def request_id_of(request: HTTPConnection) -> str:
    """The id that was assigned."""
    return str(request.state.request_id)
