"""The first summary of a process should not pay for what all need: lexicons, the embedder, late imports."""

import asyncio
import logging

from app.index_watch import IndexWatch
from chains import ChainInput, build_chain
from core.records import SummaryRequest
from core.settings import LLMSettings
from core.telemetry import Metrics, traits_of
from core.tracing import span

log = logging.getLogger(__name__)


async def warm_up(index: IndexWatch) -> None:
    """Make one extractive summary in a thread and drop it; nobody reads it and nothing counts it."""
    try:
        await asyncio.to_thread(_summarize_one, index)
    except Exception as e:
        log.warning("not_warmed_up", extra=traits_of(e))


def _summarize_one(index: IndexWatch) -> None:
    generation = index.generation
    first = generation.patients(limit=1).patients
    if first:
        patient_id = first[0].patient_id
        chain = build_chain(llm=None, metrics=Metrics(), llm_settings=LLMSettings())
        with span("warm up"):
            chain.invoke(ChainInput(SummaryRequest(patient_id), generation.chart(patient_id), "warm-up"))
