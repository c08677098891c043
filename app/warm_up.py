"""The first summary of a process should not pay for what all need: lexicons, the embedder, late imports."""

import asyncio
import gc
import logging
from collections.abc import Callable

from app.index_watch import IndexWatch
from chains import ChainInput, build_chain
from core.records import SummaryRequest
from core.settings import LLMSettings
from core.telemetry import Metrics, traits_of
from core.tracing import span

log = logging.getLogger(__name__)


async def warm_up(index: IndexWatch, then: Callable[[], None] = lambda: None) -> None:
    """Make one extractive summary in a thread and drop it; nobody reads it and nothing counts it. `then` comes last."""
    try:
        await asyncio.to_thread(_summarize_one, index)
    except Exception as e:
        log.warning("not_warmed_up", extra=traits_of(e))
    then()


def settle_memory() -> None:
    """Tell the garbage collector that what is there now stays: modules, lexicons, patterns.

    It would otherwise walk over all of it again and again, which takes about a tenth of the time of a summary. For the
    root of a process alone: what others have in the same process would stay as well.
    """
    gc.collect()
    gc.freeze()


def _summarize_one(index: IndexWatch) -> None:
    generation = index.generation
    first = generation.patients(limit=1).patients
    if first:
        patient_id = first[0].patient_id
        chain = build_chain(llm=None, metrics=Metrics(), llm_settings=LLMSettings())
        with span("warm up"):
            chain.invoke(ChainInput(SummaryRequest(patient_id), generation.chart(patient_id), "warm-up"))
