"""The caller of a request, as the gate found it."""

from dataclasses import dataclass
from typing import Literal

from starlette.requests import HTTPConnection

from app.auth.sessions import Session
from core.errors import Unauthenticated


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and how that is known. `session` is there when a cookie told it."""

    name: str
    via: Literal["open", "bearer", "session"]
    session: Session | None = None


def caller_of(request: HTTPConnection) -> Caller:
    """Who calls. Raises Unauthenticated on a public path, where nobody was asked."""
    caller = getattr(request.state, "caller", None)
    if not isinstance(caller, Caller):
        raise Unauthenticated("this needs an API key or a session")
    return caller


def csrf_token(request: HTTPConnection) -> str:
    """What a page must send back in `X-CSRF-Token`; "" where the caller has no cookie session."""
    caller = getattr(request.state, "caller", None)
    return caller.session.csrf_token if isinstance(caller, Caller) and caller.session else ""
