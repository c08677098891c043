"""All that a request may need, put together once at start-up."""

from dataclasses import dataclass

from app.audit.log import AuditLog
from app.auth.access import Access
from app.batch import Batches
from app.draining import Drain
from app.index_watch import IndexWatch
from app.model_watch import ModelWatch
from app.runs import Finder, Runs
from app.state import StateDatabase
from app.summarizing import Summarizer
from chains import SummaryChain
from core.settings import Settings
from core.telemetry import Metrics


@dataclass(frozen=True)
class Services:
    """The parts of a running service; `request.app.state.services`."""

    settings: Settings
    store: IndexWatch
    chain: SummaryChain
    state: StateDatabase
    audit: AuditLog
    metrics: Metrics
    model: ModelWatch
    runs: Runs
    finder: Finder
    summarizer: Summarizer
    batches: Batches
    access: Access
    drain: Drain
