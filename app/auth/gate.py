"""The one door: every path that is not public needs a known caller."""

import hmac
import logging

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from app.audit.entry import AuditEntry
from app.auth.caller import Caller
from app.auth.origin import is_cross_site, is_loopback_host, is_own_page
from app.auth.throttle import TooManyAttempts
from app.request_id import request_id_of
from app.services import Services
from core.errors import AnamnesisError, AuditUnavailable, Forbidden, Unauthenticated

log = logging.getLogger(__name__)

PUBLIC = frozenset({"/healthz", "/readyz", "/metrics", "/openapi.json", "/sign-in"})
PUBLIC_FOLDER = "/static/"
# Signing out checks the token in its form, which only the route reads.
CHECKS_ITS_OWN_FORM = "/sign-out"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
WEBSOCKET = "WEBSOCKET"
LOCAL = Caller("local", "open")


class Gate:
    """Finds the caller and keeps it in `request.state.caller`; raises, and audits, where there is none."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or raise Unauthenticated, Forbidden or TooManyAttempts."""
        if scope["type"] in {"http", "websocket"}:
            request = HTTPConnection(scope)
            services: Services = scope["app"].state.services
            try:
                caller = await find_caller(request, services)
            except (Unauthenticated, Forbidden) as e:
                await _write_denial(request, services, e)
                raise
            if caller:
                request.state.caller = caller
        await self.app(scope, receive, send)


async def find_caller(request: HTTPConnection, services: Services) -> Caller | None:
    """Who calls; None on a public path, which no WebSocket is."""
    method = method_of(request)
    if is_cross_site(request) and method not in SAFE:
        raise Forbidden("a page of another site may not send this")
    if not services.access.keys:
        if not is_loopback_host(request.headers.get("host", "")):
            raise Forbidden("without API keys the service answers to localhost only; the Host header names another")
        return LOCAL
    path = request.url.path
    if method != WEBSOCKET and (path in PUBLIC or path.startswith(PUBLIC_FOLDER)):
        return None
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await _bearer(request, services, token.strip())
    return await _session(request, services)


def method_of(request: HTTPConnection) -> str:
    """The method; of a WebSocket, which asks for work as a POST does, its own word."""
    return str(request.scope.get("method", WEBSOCKET))


async def _bearer(request: HTTPConnection, services: Services, token: str) -> Caller:
    access = services.access
    name = access.keys.remembered(token)
    if name is None:
        source = request.client.host if request.client else ""
        access.throttle.check(source)
        name = await access.keys.caller_with(token)
    if name is None:
        access.throttle.failed(source)
        raise Unauthenticated("the API key is not known")
    return Caller(name, "bearer")


async def _session(request: HTTPConnection, services: Services) -> Caller:
    session = await services.access.sessions.find(request.cookies.get(services.access.cookie_name, ""))
    if session is None:
        raise Unauthenticated("send an API key as bearer token, or sign in at /sign-in")
    request.state.caller = caller = Caller(session.caller, "session", session)
    method = method_of(request)
    if method == WEBSOCKET:
        # No header can be set by a page here; but every browser says which page it was.
        if not is_own_page(request):
            raise Forbidden("with the session's cookie a WebSocket is opened by this service's own pages only")
    elif method not in SAFE and request.url.path != CHECKS_ITS_OWN_FORM:
        check_csrf(session.csrf_token, request.headers.get("x-csrf-token", ""))
    return caller


def check_csrf(expected: str, given: str) -> None:
    """Raise Forbidden unless the token is the session's."""
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        raise Forbidden("the header X-CSRF-Token must carry the session's token")


async def _write_denial(request: HTTPConnection, services: Services, error: AnamnesisError) -> None:
    source = request.client.host if request.client else ""
    try:
        services.access.denials.check(source)
    except TooManyAttempts:
        return
    services.access.denials.failed(source)
    caller = getattr(request.state, "caller", None)
    entry = AuditEntry(
        request_id=request_id_of(request),
        caller=caller.name if isinstance(caller, Caller) else "anonymous",
        action="access",
        outcome=f"denied: {error.code}",
        target=f"{method_of(request)} {request.url.path}"[:600],
    )
    try:
        await services.audit.record(entry)
    except AuditUnavailable:
        log.error("a denied request could not be audited")
