"""Compress against compose: the same charts written both ways by one model, and what the checks leave of it."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson

from chains import ChainInput, SummaryChain
from core.records import Attempt, GroupTrace, Statement, Summary, SummaryEvent, SummaryRequest, Trace
from mlops.evaluation.charts import LedgerCharts
from mlops.evaluation.findings import Findings
from mlops.evaluation.ledger import PatientLedger
from mlops.evaluation.metrics.facts import Verdict, judge_claims, judge_due
from mlops.evaluation.metrics.handoff import handoff_facts
from mlops.evaluation.metrics.names import NameFinder
from mlops.evaluation.metrics.telling import ToldStatement
from mlops.evaluation.records import Better, Metric, TaskResult
from mlops.evaluation.summaries import statements_of
from mlops.evaluation.systems.base import MAX_WORDS
from mlops.evaluation.vocabulary import name_finder
from vectorstore.chart import Chart

TASK = "writing_modes"
EXTRACTIVE = "extractive"
MODES = ("compress", "compose")
OTHER_TEMPLATE = "discharge"

_OF_STATEMENTS: tuple[tuple[str, str, Better], ...] = (
    ("kept", "the model wrote and every check passed", "higher"),
    ("paraphrased", "the model wrote, that passed and that hold words of its own", "neither"),
    ("reattributed", "the model wrote, that passed and for which code found the evidence", "lower"),
    ("repaired", "the model wrote at its second attempt and that passed", "neither"),
    ("quoted", "are the chart's own words, the model's copies among them", "neither"),
    ("withheld", "were withheld", "lower"),
    ("refused", "a check refused at least once", "lower"),
)
_OF_SUMMARIES: tuple[tuple[str, str, Better], ...] = (
    ("prompt_tokens", "Prompt tokens of a summary, mean.", "lower"),
    ("cached_tokens", "Share of the prompt tokens that the server had cached.", "higher"),
    ("completion_tokens", "Tokens the model wrote for a summary, mean.", "lower"),
    ("seconds", "Wall seconds of a summary, mean; they depend on what else the machine does.", "lower"),
    ("requests", "Questions put to the model for a summary, mean.", "lower"),
    ("unanswered", "Share of these questions that got no answer.", "lower"),
    ("empty", "Share of sections put to the model of which it wrote nothing.", "neither"),
    ("words", "Words of a summary, mean.", "neither"),
    ("fact_recall", "Fact recall of the handoffs, as in ledger_b.", "higher"),
    ("fact_precision", "Fact precision of the handoffs, as in ledger_b.", "higher"),
)


@dataclass(frozen=True, slots=True)
class _Written:
    """One summary with its trace, and the wall seconds it took."""

    summary: Summary
    trace: Trace
    seconds: float

    @property
    def asked(self) -> frozenset[str]:
        """The sections that were put to the model."""
        return frozenset(a.section for a in self.trace.attempts)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The codes of the checks that refused what the model wrote."""
        return tuple(code for group in self.trace.groups if group.section in self.asked for code in group.reasons)


def run(
    charts: LedgerCharts, chains: Mapping[str, SummaryChain], *, system: str, handoffs: int, others: int
) -> TaskResult:
    """Write handoffs of the first charts, and summaries by another template of the first `others` of them.

    `chains` maps each of MODES to a chain that asks the model, and EXTRACTIVE to one that asks none. An observation is
    one summary's. What a chain raises is raised.
    """
    findings, reasons = Findings(system=system), Counter[str]()
    asyncio.run(_measure(charts, chains, findings, reasons, wanted={"handoff": handoffs, OTHER_TEMPLATE: others}))
    return TaskResult(
        task=TASK,
        metrics=writing_metrics(),
        observations=tuple(findings.observations),
        examples=tuple(findings.examples),
        data=charts.digests,
        seeds={"charts": charts.seed},
        notes=tuple(_told(mode, reasons) for mode in MODES),
    )


def writing_metrics() -> tuple[Metric, ...]:
    """Every metric once a mode. None has a bar: the figures are there to choose by."""
    of_statements = (
        Metric(
            f"{name}_{mode}", f"{mode}: of what sections put to the model show or withhold, the share {what}.", better
        )
        for mode in MODES
        for name, what, better in _OF_STATEMENTS
    )
    of_summaries = (
        Metric(f"{name}_{mode}", f"{mode}: {what}", better)
        for mode in (EXTRACTIVE, *MODES)
        for name, what, better in _OF_SUMMARIES
        if mode in MODES or name.startswith(("words", "fact"))
    )
    return (*of_statements, *of_summaries)


async def _measure(
    charts: LedgerCharts,
    chains: Mapping[str, SummaryChain],
    findings: Findings,
    reasons: Counter[str],
    wanted: Mapping[str, int],
) -> None:
    names = name_finder(charts.ledgers.values())
    for template, most in wanted.items():
        for (chart, ledger), _ in zip(charts, range(most), strict=False):
            findings.unit = f"{chart.patient_id}/{template}"
            for mode, chain in chains.items():
                written = await _write(chain, chart, template, model_ready=mode in MODES)
                if mode in MODES:
                    _judge_statements(written, mode, findings)
                    _judge_cost(written, mode, findings)
                    reasons.update(f"{mode} {code}" for code in written.reasons)
                findings.add(f"words_{mode}", sum(len(s.text.split()) for s in statements_of(written.summary)))
                if template == "handoff":
                    _judge_facts(statements_of(written.summary), mode, ledger, names, findings)


async def _write(chain: SummaryChain, chart: Chart, template: str, *, model_ready: bool) -> _Written:
    request = SummaryRequest(chart.patient_id, template, max_words=MAX_WORDS)
    began = time.perf_counter()
    async for event in chain.astream(ChainInput(request, chart, f"evaluation-{chart.patient_id}", model_ready)):
        if isinstance(event, SummaryEvent) and event.trace:
            return _Written(event.summary, event.trace, time.perf_counter() - began)
    raise RuntimeError("the chain ended without a summary")


def _judge_statements(written: _Written, mode: str, findings: Findings) -> None:
    refused = {f"{g.section}-{g.index + 1}": g for g in written.trace.groups if g.reasons}
    sections = [s for s in written.summary.sections if s.key in written.asked]
    shown = [(section.key, s) for section in sections for s in section.statements if "unusual" not in s.flags]
    withheld = sum(section.withheld for section in sections)
    kept = [(key, s) for key, s in shown if s.status == "supported"]
    counts = {
        "kept": len(kept),
        "paraphrased": sum("paraphrased" in s.flags for _, s in kept),
        "reattributed": sum("reattributed" in s.flags for _, s in kept),
        "repaired": sum(s.statement_id in refused for _, s in kept),
        "quoted": len(shown) - len(kept),
        "withheld": withheld,
        "refused": sum(group.section in written.asked for group in refused.values()),
    }
    for name, count in counts.items():
        findings.add(f"{name}_{mode}", count, len(shown) + withheld)
    for key, statement in shown:
        _show(key, statement, refused.get(statement.statement_id), mode, findings)


def _show(key: str, statement: Statement, refused: GroupTrace | None, mode: str, findings: Findings) -> None:
    """Everything written is to be read, as is what stands in place of what was refused."""
    told = ToldStatement(statement.statement_id, statement.text, statement.citations, key, statement.status)
    why = f"refused before: {', '.join(refused.reasons)}" if refused else ""
    if statement.status == "supported":
        findings.show(f"kept_{mode}", told, " ".join((*statement.flags, why)).strip())
    elif refused:
        findings.show(f"refused_{mode}", told, why)


def _judge_cost(written: _Written, mode: str, findings: Findings) -> None:
    usage, attempts = written.summary.usage, written.trace.attempts
    findings.add(f"prompt_tokens_{mode}", usage.prompt_tokens)
    findings.add(f"cached_tokens_{mode}", usage.cached_prompt_tokens, usage.prompt_tokens)
    findings.add(f"completion_tokens_{mode}", usage.completion_tokens)
    findings.add(f"seconds_{mode}", written.seconds)
    findings.add(f"requests_{mode}", len(attempts))
    findings.add(f"unanswered_{mode}", sum(bool(a.trouble) for a in attempts), len(attempts))
    composed = [a for a in attempts if a.kind == "compose"]
    findings.add(f"empty_{mode}", sum(map(_says_nothing, composed)), len(composed))


def _says_nothing(attempt: Attempt) -> bool:
    try:
        return bool(orjson.loads(attempt.raw) == {"statements": []})
    except orjson.JSONDecodeError:
        return False


def _judge_facts(
    statements: tuple[ToldStatement, ...], mode: str, ledger: PatientLedger, names: NameFinder, findings: Findings
) -> None:
    due = judge_due(handoff_facts(ledger), statements, ledger, names)
    findings.add(f"fact_recall_{mode}", sum(d.verdict is Verdict.RIGHT for d in due), len(due))
    claims = judge_claims(statements, ledger, names, dated=True)
    findings.add(f"fact_precision_{mode}", sum(c.verdict is Verdict.RIGHT for c in claims), len(claims))


def _told(mode: str, reasons: Counter[str]) -> str:
    return f"{mode}, reasons of refusal: {', '.join(_of(mode, reasons)) or 'none'}"


def _of(mode: str, reasons: Counter[str]) -> Iterator[str]:
    for key, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        if key.startswith(f"{mode} "):
            yield f"{key.removeprefix(f'{mode} ')} {count}"
