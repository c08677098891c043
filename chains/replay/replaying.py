"""Making a stored summary again from what a model said then, with the checks of this release."""

from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from chains.evidence import ChainInput
from chains.replay.charts import ChartFinder
from chains.replay.comparison import Difference, StatementDifference, compare_rest, compare_statements
from chains.replay.model import RepeatingModel
from chains.replay.stored import Stored, StoredSummaries
from chains.summary_chain import build_chain
from chains.verification import CHECKS, VERIFIER, Check, Verifier
from core.errors import AnamnesisError
from core.records import Summary, SummaryEvent, Trace
from core.settings import LLMSettings
from core.telemetry import Metrics, traits_of
from prompts import Template, load_template

Outcome: TypeAlias = Literal["identical", "differs", "cannot"]


class NoTrace(AnamnesisError):
    """A summary that was stored without its trace."""

    code = "no_trace"


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of replaying one summary.

    `generation` is the one the chart was read from, `made_from` the one the summary names; they may differ where the
    chart does not. `problem` says why it could not be replayed.
    """

    summary_id: str
    outcome: Outcome
    made_from: int | None = None
    generation: int | None = None
    verifier_then: str = ""
    verifier_now: str = VERIFIER
    statements: tuple[StatementDifference, ...] = ()
    rest: tuple[Difference, ...] = ()
    new_questions: int = 0
    problem: str = ""


class Replayer:
    """Replays summaries of one state folder against one index. `checks` are those that statements must pass.

    `charts` is asked for when the first chart is needed: opening an index takes seconds.
    """

    def __init__(
        self, summaries: StoredSummaries, charts: Callable[[], ChartFinder], checks: Mapping[str, Check] = CHECKS
    ) -> None:
        self._summaries = summaries
        self._charts = charts
        self._checks = checks

    async def replay(self, summary_id: str) -> Replay:
        """Replay one summary. Never raises for what is wrong with it."""
        stored: Stored | None = None
        try:
            stored = self._summaries.read(summary_id)
            return await self._replay(summary_id, stored)
        except AnamnesisError as e:
            return _cannot(summary_id, stored, str(e))
        except Exception as e:
            traits = traits_of(e)
            return _cannot(summary_id, stored, f"an unforeseen {traits['exception']} at {traits['at']}")

    async def _replay(self, summary_id: str, stored: Stored) -> Replay:
        summary, trace = stored.summary, stored.trace
        if trace is None:
            raise NoTrace("it was stored without a trace, by a release that kept neither request nor raw model outputs")
        chart = self._charts().chart_of(summary.patient_id, summary.provenance)
        model = RepeatingModel.of(trace.attempts)
        again = await self._make(
            ChainInput(replace(trace.request, require=None), chart, summary_id, trace.model_ready), trace, model
        )
        statements = compare_statements((summary, trace), again)
        rest = (*_bytes(stored), *compare_rest(summary, again[0]))
        return Replay(
            summary_id,
            "differs" if statements or rest else "identical",
            made_from=summary.provenance.index_generation,
            generation=chart.generation,
            verifier_then=summary.provenance.verifier,
            statements=statements,
            rest=rest,
            new_questions=len(model.new_questions),
        )

    async def _make(self, chain_input: ChainInput, trace: Trace, model: RepeatingModel) -> tuple[Summary, Trace]:
        settings = trace.settings
        chain = build_chain(
            llm=None if settings.writer == "extractive" else model,
            metrics=Metrics(),
            llm_settings=LLMSettings(
                model=settings.model,
                adapter=settings.adapter,
                writer="auto" if settings.writer == "extractive" else settings.writer,
                max_tokens=settings.max_tokens,
                temperature=settings.temperature,
            ),
            templates={trace.template.name: _template(trace)},
            verifier=Verifier(policy=settings.strictness, checks=self._checks),
        )
        async with aclosing(chain.astream(chain_input)) as events:
            async for event in events:
                if isinstance(event, SummaryEvent) and event.trace:
                    return event.summary, event.trace
        raise AnamnesisError("the chain ended without a summary")


def _template(trace: Trace) -> Template:
    ref = trace.template
    try:
        template = load_template(ref.name, ref.version)
    except FileNotFoundError:
        raise AnamnesisError(f"this release has no template {ref.name} {ref.version}") from None
    if template.ref != ref:
        raise AnamnesisError(f"template {ref.name} {ref.version} is not the one it was made by: the digests differ")
    return template


def _bytes(stored: Stored) -> tuple[Difference, ...]:
    return () if stored.is_whole else (Difference("stored bytes", "as answered", "changed since"),)


def _cannot(summary_id: str, stored: Stored | None, problem: str) -> Replay:
    if stored is None:
        return Replay(summary_id, "cannot", problem=problem)
    provenance = stored.summary.provenance
    return Replay(
        summary_id,
        "cannot",
        made_from=provenance.index_generation,
        verifier_then=provenance.verifier,
        problem=problem,
    )
