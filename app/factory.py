"""The composition root of the service."""

from functools import partial
from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
from starlette.exceptions import HTTPException

from app import pages
from app.access_log import AccessLog
from app.auth.access import build_access, check_access_settings
from app.auth.gate import Gate
from app.body_limit import BodyLimit
from app.documented import describe
from app.draining import Drain, DrainGate
from app.error_boundary import ErrorBoundary
from app.lifespan import lifespan_of
from app.problems import on_http_error, on_validation_error
from app.routes import batch, feedback, health, metrics, notes, patients, session, summaries, summarize, summarize_ws
from app.security_headers import SecurityHeaders
from app.traced import Traced
from core.settings import Settings
from core.telemetry import Metrics
from vectorstore.store import Store

STATIC = Path(__file__).parent / "static"
VERSION = "0.1.0"
# A batch may be as large as so many other requests.
BATCH_BODIES = 16


def create_app(
    settings: Settings,
    *,
    llm: BaseChatModel | None = None,
    embeddings: Embeddings | None = None,
    store: Store | None = None,
) -> FastAPI:
    """The service. Files, sockets and tasks are opened when it starts and closed when it stops.

    Raises:
        SettingsInvalid: it would be open to other machines without API keys.
    """
    keys = check_access_settings(settings.service)
    series = _metrics()
    app = FastAPI(
        title="Anamnesis",
        version=VERSION,
        description="Chart summaries in which every statement cites the exact words that support it.",
        lifespan=lifespan_of(
            settings,
            partial(build_access, settings.service, keys),
            series,
            llm=llm,
            embeddings=embeddings,
            store=store,
        ),
        exception_handlers={RequestValidationError: on_validation_error, HTTPException: on_http_error},
        # Both load scripts from another site, which the policy forbids.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.drain = Drain()
    app.state.when_warm = lambda: None
    app.openapi = partial(describe, app, with_keys=bool(keys))  # type: ignore[method-assign]
    for part in (batch, summarize, summarize_ws, summaries, patients, notes, feedback, health, metrics, session, pages):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    # The one added last is the outermost.
    most = settings.service.max_body_bytes
    app.add_middleware(BodyLimit, max_bytes=most, larger={batch.PATH: BATCH_BODIES * most})
    app.add_middleware(Gate)
    app.add_middleware(DrainGate, drain=app.state.drain)
    app.add_middleware(ErrorBoundary)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Traced)
    app.add_middleware(AccessLog)
    return app


def _metrics() -> Metrics:
    metrics = Metrics()
    ProcessCollector(registry=metrics.registry)
    PlatformCollector(registry=metrics.registry)
    GCCollector(registry=metrics.registry)
    return metrics
