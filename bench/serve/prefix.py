"""How much of its prompts a real server has cached: within a summary, at the next template, and what that saves.

Every patient gets a `cache_salt` of its own, by which vLLM keeps a cache apart: each begins cold, whatever the server
was asked before.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import takewhile
from operator import eq
from pathlib import Path
from typing import Any

import aiohttp
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import BaseMessage, HumanMessage, convert_to_openai_messages
from langchain_core.outputs import ChatResult
from pydantic import PrivateAttr

from bench.charts import open_index
from bench.figures import Figure, Measured, Repeats
from bench.parts import Size
from bench.serve.patients import index_for, known, sixty
from bench.serve.processes import Server, model_name, real_model
from chains import ChainInput, SummaryChain, build_chain
from chains.models import ChatVLLM
from chains.writing import Mode
from core.records import SummaryRequest, Usage
from core.settings import LLMSettings
from core.telemetry import Metrics
from vectorstore.chart import Chart
from vectorstore.generation import Generation

PATIENTS = {"full": 8, "try": 2}
TIMED = 4
"""Prompts of a summary whose first token is timed, the first of them only to fill the cache."""
FIRST, NEXT = "handoff", "discharge"
MODES: tuple[Mode, ...] = ("compress", "compose")
WITHIN, RATIO = 0.6, 0.5
_TIMEOUT_S = 600.0


class Recording(ChatVLLM):
    """Keeps the prompts it is asked."""

    _asked: list[list[BaseMessage]] = PrivateAttr(default_factory=list)

    @property
    def asked(self) -> list[list[BaseMessage]]:
        """The prompts in the order in which they were asked."""
        return self._asked

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self._asked.append(messages)
        return await super()._agenerate(messages, stop, run_manager, **kwargs)


@dataclass(slots=True)
class _Found:
    """What one mode of writing used, summed over the patients, and the first token cold and cached, one a prompt."""

    patients: int = 0
    cold: Usage = field(default_factory=Usage)
    first: Usage = field(default_factory=Usage)
    next: Usage = field(default_factory=Usage)
    shared: float = 0.0
    cold_s: list[float] = field(default_factory=list)
    cached_s: list[float] = field(default_factory=list)


def measure(scratch: Path, size: Size) -> Measured:
    """Each patient's handoff, and the discharge summary right after it, in both modes of writing."""
    generation = open_index(index_for(scratch, size))
    patients = sixty(known(scratch / "charts" / "index"), PATIENTS[size])
    with real_model(scratch) as server:
        name = model_name(server)
        found = {mode: asyncio.run(_measure(server, name, generation, patients, mode)) for mode in MODES}
    about = f"{name}, {len(patients)} patients, none seen before"
    return Measured(tuple(figure for mode in MODES for figure in _figures(mode, found[mode], about)))


async def _measure(server: Server, model: str, generation: Generation, patients: Sequence[str], mode: Mode) -> _Found:
    found = _Found(patients=len(patients))
    settings = LLMSettings(url=server.url, model=model, writer=mode)
    for patient_id in patients:
        chart = generation.chart(patient_id)
        async with _cold(server) as llm:
            found.cold += await _usage(build_chain(llm=llm, metrics=Metrics(), llm_settings=settings), chart, FIRST)
        async with _cold(server) as llm:
            chain = build_chain(llm=llm, metrics=Metrics(), llm_settings=settings)
            await chain.primer.prime()
            llm.asked.clear()
            found.first += await _usage(chain, chart, FIRST)
            await _time_first_tokens(server, llm.asked[:TIMED], found)
            if len(llm.asked) > 1 and not found.shared:
                found.shared = await _shared_by_all(server, model, llm.asked)
            found.next += await _usage(chain, chart, NEXT)
    return found


async def _usage(chain: SummaryChain, chart: Chart, template: str) -> Usage:
    request = SummaryRequest(chart.patient_id, template)
    return (await chain.ainvoke(ChainInput(request, chart, "bench", model_ready=True))).usage


@asynccontextmanager
async def _cold(server: Server) -> AsyncIterator[Recording]:
    """The model as it is with nothing in its cache, the connection open."""
    llm = Recording(base_url=server.url, timeout_s=_TIMEOUT_S, extra={"cache_salt": uuid.uuid4().hex})
    await llm.count([HumanMessage("Hello")])
    try:
        yield llm
    finally:
        await llm.aclose()


async def _time_first_tokens(server: Server, asked: Sequence[list[BaseMessage]], found: _Found) -> None:
    """Each prompt but the first by itself: on an empty cache, and on one that the first has filled."""
    for prompt in asked[1:]:
        async with _cold(server) as llm:
            found.cold_s.append(await _first_token_s(llm, prompt))
        async with _cold(server) as llm:
            await _first_token_s(llm, asked[0])
            found.cached_s.append(await _first_token_s(llm, prompt))


async def _first_token_s(llm: ChatVLLM, prompt: list[BaseMessage]) -> float:
    began = time.perf_counter()
    await llm.ainvoke(prompt, max_tokens=1, temperature=0)
    return time.perf_counter() - began


async def _shared_by_all(server: Server, model: str, asked: Sequence[list[BaseMessage]]) -> float:
    """The share of its prompts that every one of them begins with: what blocks of a single token would serve."""
    async with aiohttp.ClientSession() as session:
        prompts = [await _tokens(session, server, model, prompt) for prompt in asked]
    shared = min(sum(takewhile(bool, map(eq, prompts[0], prompt))) for prompt in prompts[1:])
    return shared * len(prompts) / sum(map(len, prompts))


async def _tokens(session: aiohttp.ClientSession, server: Server, model: str, prompt: list[BaseMessage]) -> list[int]:
    body = {"model": model, "messages": convert_to_openai_messages(prompt), "add_generation_prompt": True}
    async with session.post(f"{server.root}/tokenize", json=body) as response:
        answer = await response.json()
    return [int(token) for token in answer["tokens"]]


def _figures(mode: Mode, found: _Found, about: str) -> tuple[Figure, ...]:
    cold, cached = Repeats(tuple(found.cold_s)), Repeats(tuple(found.cached_s))
    same = f"{found.shared:.2f} of its tokens are the same in all prompts"
    return (
        Figure(
            f"{mode}: prompt tokens of a {FIRST} from cache", _share(found.first), "", WITHIN, "at_least",
            f"{about}, server primed; {same}",
        ),
        Figure(f"{mode}: the same, server not primed", _share(found.cold), "", baseline=about),
        Figure(
            f"{mode}: prompt tokens of a {NEXT} summary right after it from cache", _share(found.next), "",
            baseline=f"{about}; its evidence is its own, so that the opening is what can be the same",
        ),
        cached.over(cold).figure(
            f"{mode}: first token, cached / cold", "", RATIO, "at_most",
            f"{len(found.cold_s)} prompts alone, behind another of their summary and on an empty cache",
        ),
        cold.times(1000).figure(f"{mode}: first token, cold", "ms", baseline=f"{len(found.cold_s)} prompts alone"),
        Figure(f"{mode}: prompt tokens of a {FIRST}", found.first.prompt_tokens / found.patients, "", baseline=about),
        Figure(f"{mode}: tokens of its answers", found.first.completion_tokens / found.patients, "", baseline=about),
    )  # fmt: skip


def _share(usage: Usage) -> float:
    return usage.cached_prompt_tokens / usage.prompt_tokens if usage.prompt_tokens else 0.0
