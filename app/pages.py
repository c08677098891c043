"""The pages: find a patient, read a chart. They hold no chart text; their scripts fetch it from the audited API."""

from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.templating import Jinja2Templates
from starlette.responses import RedirectResponse

from app.auth import Caller, csrf_token
from app.services import Services
from prompts import Template, load_templates

INTENDED_USE = "De-identified charts for research, teaching and quality review; not for care decisions."

_FAILURES = {
    "1": "This name and access key do not belong together.",
    "wait": "Too many attempts. Wait a minute, then try again.",
}

router = APIRouter(include_in_schema=False)


@cache
def _templates() -> Jinja2Templates:
    return Jinja2Templates(directory=Path(__file__).parent / "templates")


def _static(path: str) -> str:
    return f"/static/{path}"


def render(request: Request, name: str, status_code: int = 200, **values: object) -> Response:
    """Fill in a template of `app/templates`."""
    caller = getattr(request.state, "caller", None)
    user = caller.name if isinstance(caller, Caller) and caller.session else None
    context = {
        "intended_use": INTENDED_USE,
        "static": _static,
        "csrf_token": csrf_token(request),
        "user": user,
        **values,
    }
    return _templates().TemplateResponse(request, name, context, status_code=status_code)


@router.get("/")
async def find_patient(request: Request, q: str = "") -> Response:
    """The page that finds a patient."""
    return render(request, "find.html", query=q)


@router.get("/p/{patient_id:path}")
async def chart(request: Request, patient_id: str) -> Response:
    """The page of one chart."""
    return render(request, "chart.html", patient_id=patient_id, templates=_kinds())


@router.get("/sign-in")
async def sign_in(request: Request, next: str = "/", failed: str = "") -> Response:
    """The form whose answer is POST /sign-in; where no keys are set there is nothing to sign in to."""
    services: Services = request.app.state.services
    if not services.access.keys:
        return RedirectResponse("/", status_code=303)
    return render(request, "sign_in.html", next=next, error=_FAILURES.get(failed, ""))


@cache
def _kinds() -> tuple[Template, ...]:
    return tuple(load_templates().values())
