"""POST /sign-in and POST /sign-out, for the page's forms."""

import logging
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from starlette.responses import RedirectResponse

from app.audit.entry import AuditEntry
from app.auth import TooManyAttempts, caller_of
from app.auth.gate import check_csrf
from app.request_id import request_id_of
from app.routes.context import ServicesOf

log = logging.getLogger(__name__)

router = APIRouter(include_in_schema=False)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    services: ServicesOf,
    name: Annotated[str, Form(max_length=64)] = "",
    key: Annotated[str, Form(max_length=512)] = "",
    next: Annotated[str, Form(max_length=2048)] = "/",
) -> Response:
    """Open a session, and go on to where the caller wanted to."""
    source = request.client.host if request.client else ""
    access = services.access
    try:
        access.throttle.check(source)
    except TooManyAttempts:
        return _back("wait", next)
    if not await access.keys.accepts(name, key):
        access.throttle.failed(source)
        await services.audit.record(_entry(request, "anonymous", "denied"))
        return _back("1", next)
    access.throttle.succeeded(source)
    await services.audit.record(_entry(request, name, "ok"))
    response = _go(local_path(next))
    _set_cookie(response, services, await access.sessions.open(name))
    return response


@router.post("/sign-out")
async def sign_out(
    request: Request, services: ServicesOf, csrf_token: Annotated[str, Form(max_length=128)] = ""
) -> Response:
    """End the session."""
    session = caller_of(request).session
    response = _go("/sign-in")
    if session:
        check_csrf(session.csrf_token, request.headers.get("x-csrf-token", csrf_token))
        await services.access.sessions.close(session)
        await services.audit.record(_entry(request, session.caller, "ok", signing_in=False))
        response.delete_cookie(services.access.cookie_name, secure=services.access.secure_cookie, httponly=True)
    return response


def local_path(target: str) -> str:
    """The path to go on to; "/" for anything that a browser could take for another site."""
    plain = target.isprintable() and "\\" not in target
    return target if plain and target.startswith("/") and not target.startswith("//") else "/"


def _go(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)


def _back(failed: str, target: str) -> Response:
    return _go(f"/sign-in?failed={failed}&next={quote(local_path(target), safe='')}")


def _set_cookie(response: Response, services: ServicesOf, value: str) -> None:
    access = services.access
    response.set_cookie(
        access.cookie_name,
        value,
        max_age=access.sessions.seconds,
        path="/",
        secure=access.secure_cookie,
        httponly=True,
        samesite="strict",
    )


def _entry(request: Request, caller: str, outcome: str, *, signing_in: bool = True) -> AuditEntry:
    return AuditEntry(request_id_of(request), caller, "sign_in" if signing_in else "sign_out", outcome)
