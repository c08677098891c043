"""Starting and stopping the service."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel

from app.admission import AdaptiveLimit, Admission
from app.audit.log import AuditLog
from app.auth.access import Access
from app.batch import Batches
from app.draining import Drain
from app.engine_watch import LOOK_S, build_engine_watch
from app.index_watch import IndexWatch
from app.model_tier import ModelTier, build_model_tier
from app.priming import keep_primed
from app.runs import Finder, Keeper, Runs
from app.services import Services
from app.state import StateDatabase
from app.summarizing import Summarizer
from app.warm_up import warm_up
from app.warming import Warming
from chains import build_chain
from core.settings import ServiceSettings, Settings
from core.telemetry import Metrics
from vectorstore.store import Store

log = logging.getLogger(__name__)

# Summaries worked on at once before the model server was first seen under load.
START = 4
# Items of batches that wait for a place beside those that have one, so that none stays empty.
LOOK_AHEAD = 2

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def lifespan_of(
    settings: Settings,
    access: Callable[[StateDatabase], Access],
    metrics: Metrics,
    *,
    llm: BaseChatModel | None,
    embeddings: Embeddings | None,
    store: Store | None,
) -> Lifespan:
    """What happens between start and stop. Parts that are handed in are used as they are, and not closed."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            state = StateDatabase(settings.state.dir)
            stack.callback(state.close)
            index = IndexWatch(_opener(settings, embeddings, store), metrics)
            await index.look()
            model = build_model_tier(settings.llm, metrics, llm)
            stack.push_async_callback(model.aclose)
            admission = _admission(settings.service, metrics)
            engine = build_engine_watch(settings.llm, model, admission)
            stack.push_async_callback(engine.aclose)
            services = app.state.services = _assemble(
                settings,
                access(state),
                metrics,
                state=state,
                index=index,
                model=model,
                admission=admission,
                drain=app.state.drain,
            )
            stack.push_async_callback(services.runs.aclose)
            services.drain.on_hand_back(services.runs.hand_back)
            index.listen(services.runs.forget_others)
            _keep_running(stack, warm_up(index, app.state.when_warm))
            _keep_running(stack, index.follow(settings.index.poll_s))
            _keep_running(stack, model.watch.follow(settings.llm.probe_s))
            _keep_running(stack, services.batches.work())
            _keep_running(stack, engine.follow(min(LOOK_S, settings.llm.probe_s)))
            if model.owned:
                _keep_running(stack, keep_primed(model.watch, services.chain.primer, settings.llm.probe_s))
            if settings.service.warm_patients_file:
                warming = _warming(settings.service.warm_patients_file, services, has_model=model.llm is not None)
                _keep_running(stack, warming.follow(settings.index.poll_s))
            yield

    return lifespan


def _assemble(
    settings: Settings,
    access: Access,
    metrics: Metrics,
    *,
    state: StateDatabase,
    index: IndexWatch,
    model: ModelTier,
    admission: Admission,
    drain: Drain,
) -> Services:
    service = settings.service
    chain = build_chain(llm=model.llm, metrics=metrics, llm_settings=settings.llm)
    audit = AuditLog(state)
    runs = Runs(chain, admission, metrics)
    finder = Finder(
        chain=chain,
        store=index,
        model=model.watch,
        state=state,
        runs=runs,
        metrics=metrics,
        cache_hours=service.cache_hours,
    )
    summarizer = Summarizer(
        finder=finder,
        audit=audit,
        keeper=Keeper(runs, cache_hours=service.cache_hours),
        metrics=metrics,
        templates=chain.templates,
        deadline_s=service.deadline_s,
    )
    return Services(
        settings=settings,
        store=index,
        chain=chain,
        state=state,
        audit=audit,
        metrics=metrics,
        model=model.watch,
        runs=runs,
        finder=finder,
        summarizer=summarizer,
        batches=Batches(
            state=state,
            summarizer=summarizer,
            metrics=metrics,
            width=lambda: admission.batch_places + LOOK_AHEAD,
            known=access.knows,
            keep_days=service.batch_keep_days,
            draining=lambda: drain.draining,
        ),
        access=access,
        drain=drain,
    )


def _warming(path: Path, services: Services, *, has_model: bool) -> Warming:
    return Warming(
        path,
        summarizer=services.summarizer,
        finder=services.finder,
        store=services.store,
        model=services.model,
        drain=services.drain,
        has_model=has_model,
    )


def _admission(service: ServiceSettings, metrics: Metrics) -> Admission:
    limit = AdaptiveLimit(floor=service.min_inflight, ceiling=service.max_inflight, start=START)
    return Admission(
        limit=limit,
        max_queued=service.max_queued,
        max_wait_s=service.max_wait_s,
        batch_after=service.batch_after,
        metrics=metrics,
    )


def _opener(settings: Settings, embeddings: Embeddings | None, store: Store | None) -> Callable[[], Store]:
    made = embeddings

    def open_store() -> Store:
        nonlocal made
        if store is not None:
            return store
        if made is None:
            # Brings in the embedding back ends, which a service that is handed its parts need not load.
            from vectorstore.embeddings import build_embeddings

            made = build_embeddings(settings.embedding)
            # The first query of a process is slow, and so is what it imports; it should not be a reader's.
            made.embed_query("warm")
            import_module("vectorstore.retriever")
        return Store(settings.index.dir, made)

    return open_store


def _keep_running(stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)
