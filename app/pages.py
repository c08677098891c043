"""The pages: find a patient, read a chart. They hold no chart text; their scripts fetch it from the audited API."""

from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.templating import Jinja2Templates

from app.auth import Caller, csrf_token

INTENDED_USE = "De-identified charts for research, teaching and quality review; not for care decisions."

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
    context = {"intended_use": INTENDED_USE, "static": _static, "csrf_token": csrf_token(request), "user": user, **values}
    return _templates().TemplateResponse(request, name, context, status_code=status_code)


@router.get("/")
async def find_patient(request: Request, q: str = "") -> Response:
    """The page that finds a patient."""
    return render(request, "find.html", query=q)


@router.get("/p/{patient_id:path}")
async def chart(request: Request, patient_id: str) -> Response:
    """The page of one chart."""
    return render(request, "chart.html", patient_id=patient_id, templates=_kinds())


def _kinds() -> list[dict[str, str]]:
    names = ("handoff", "problem_list", "medications", "discharge")
    return [{"name": name, "title": name.replace("_", " ").capitalize()} for name in names]
