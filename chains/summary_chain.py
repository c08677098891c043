"""The chain: plan | gather | generate | verify | emit, as one Runnable."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from functools import partial
from typing import Any, TypeAlias

import langsmith
from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

from chains.asking import remembering
from chains.compose import Composer
from chains.compress import REPAIR_TEMPERATURE, Compressor
from chains.emit import Emitter
from chains.evidence import ChainInput
from chains.gather import gather
from chains.generate import Generator
from chains.identity import ChainIdentity, code_digest
from chains.owned import owning_tasks
from chains.plan import make_plan
from chains.prime import Primer
from chains.provenance import Recorder
from chains.settle import Settler
from chains.stream_step import StreamStep
from chains.verification import VERIFIER, Verifier
from chains.writing import writing_for
from core.errors import AnamnesisError
from core.records import ChainEvent, Summary, SummaryEvent, WritingSettings
from core.settings import LLMSettings
from core.telemetry import Metrics
from prompts import Template, load_prompt, load_templates

COMPRESS_VERSION = "5"
COMPOSE_VERSION = "2"


ChainOutput: TypeAlias = Summary | ChainEvent


class SummaryChain(Runnable[ChainInput, ChainOutput]):
    """Summarizes one chart. `astream` yields events as they are verified, `ainvoke` the whole summary.

    Errors are AnamnesisError: InvalidRequest for an unknown template, ModelUnavailable where abstractive text was
    required and none could be had. Closing the stream cancels the model's requests.
    """

    def __init__(
        self,
        steps: Runnable[ChainInput, Any],
        templates: Mapping[str, Template],
        writing: WritingSettings,
        primer: Primer,
    ) -> None:
        self._steps = steps
        self.templates = templates
        self.writing = writing
        self.primer = primer

    def identity(self, template: str) -> ChainIdentity:
        """What else a summary by this template depends on, so that a kept one is not taken for it. Raises KeyError."""
        return ChainIdentity(self.writing, self.templates[template].ref, VERIFIER, code_digest())

    def invoke(self, input: ChainInput, config: RunnableConfig | None = None, **kwargs: Any) -> Summary:
        """The whole summary, for callers without an event loop."""
        return asyncio.run(self.ainvoke(input, config, **kwargs))

    async def ainvoke(self, input: ChainInput, config: RunnableConfig | None = None, **kwargs: Any) -> Summary:
        """The whole summary."""
        async for event in self.astream(input, config, **kwargs):
            if isinstance(event, SummaryEvent):
                return event.summary
        raise AnamnesisError("the chain ended without a summary")

    async def astream(
        self, input: ChainInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncGenerator[ChainEvent]:
        """Events as they come: evidence, statements and sections, the summary last.

        The steps run in a task of their own. Closing this stream cancels the task where it waits, which unwinds every
        step in order; closing a sequence of generators from outside would find some of them running.
        """
        queue: asyncio.Queue[ChainEvent | None] = asyncio.Queue()
        steps = asyncio.create_task(self._run(input, config, queue))
        try:
            while (event := await queue.get()) is not None:
                yield event
            await steps
        finally:
            steps.cancel()
            await asyncio.gather(steps, return_exceptions=True)

    async def _run(
        self, input: ChainInput, config: RunnableConfig | None, queue: asyncio.Queue[ChainEvent | None]
    ) -> None:
        try:
            with remembering():
                async with owning_tasks():
                    async for event in self._steps.astream(input, config):
                        queue.put_nowait(event)
        finally:
            queue.put_nowait(None)


def build_chain(
    *,
    llm: BaseChatModel | None,
    metrics: Metrics,
    llm_settings: LLMSettings,
    templates: Mapping[str, Template] | None = None,
    verifier: Verifier | None = None,
) -> SummaryChain:
    """Put the chain together. Without `llm` every summary is extractive.

    Where they are not given, the templates are the newest ones, and the verifier has all checks, with the strictness
    that suits the model.

    Tracing by LangSmith is switched off for the whole process, whatever the environment says: a trace would carry
    patients' text off the machine.
    """
    langsmith.configure(enabled=False)
    templates = templates if templates is not None else load_templates()
    prompt = load_prompt("compress", COMPRESS_VERSION)
    writing = writing_for(llm_settings)
    verifier = verifier or Verifier(policy=writing.strictness)
    compressor, composer = None, None
    if llm:
        if writing.mode == "compose":
            composer = Composer(llm, load_prompt("compose", COMPOSE_VERSION), temperature=llm_settings.temperature)
        compressor = Compressor(llm, prompt, max_tokens=llm_settings.max_tokens, temperature=llm_settings.temperature)
    settings = WritingSettings(
        writer=writing.mode if llm else "extractive",
        strictness=verifier.policy,
        model=llm_settings.model,
        adapter=llm_settings.adapter,
        max_tokens=llm_settings.max_tokens,
        temperature=llm_settings.temperature,
        repair_temperature=REPAIR_TEMPERATURE,
        prompt=composer.prompt if composer else prompt.ref,
    )
    steps = (
        RunnableLambda(partial(make_plan, templates=templates))
        | RunnableLambda(gather)
        | StreamStep(Generator(compressor, metrics, composer).stream)
        | StreamStep(Settler(compressor, metrics, verifier).stream)
        | StreamStep(Emitter(Recorder(settings, templates), metrics).stream)
    )
    writers = [writer for writer in (composer, compressor) if writer]
    return SummaryChain(steps, templates, settings, Primer(writers, metrics))
