"""How much of what a handoff needs is among the evidence, within a budget of model tokens."""

import asyncio
from collections.abc import Callable, Iterable

from langchain_core.embeddings import Embeddings

from chains import build_chain
from core.settings import LLMSettings
from core.telemetry import Metrics
from mlops.evaluation.charts import LedgerCharts
from mlops.evaluation.counting import CountingModel
from mlops.evaluation.findings import Findings
from mlops.evaluation.ledger import LedgerFact, PatientLedger
from mlops.evaluation.metrics.evidence import Passage, supported, within_budget
from mlops.evaluation.metrics.handoff import HANDOFF_KINDS, handoff_facts
from mlops.evaluation.records import Metric, TaskResult
from mlops.evaluation.retrieved import bm25_passages, dense_passages, gathered_passages
from mlops.evaluation.summaries import summarize
from vectorstore.chart import Chart

BUDGET = 1500


def run(charts: LedgerCharts, *, embeddings: Embeddings, count_tokens: Callable[[str], int]) -> TaskResult:
    """Evidence recall of our gathering, of BM25 alone and of vectors alone, and the prompt tokens of a summary.

    The task is called `evidence_a` or `evidence_b` by the phrasing of the charts; an observation is one patient's.
    `count_tokens` stands in for a model's tokenizer: that of the embedding model, whose word pieces are as long.
    """
    findings = Findings()
    for chart, ledger in charts:
        findings.unit = chart.patient_id
        due = handoff_facts(ledger)
        ways: dict[str, Iterable[Passage]] = {
            "extractive": gathered_passages(chart),
            "bm25": bm25_passages(chart),
            "dense": dense_passages(chart, embeddings),
        }
        for findings.system, passages in ways.items():
            _judge(chart, ledger, due, list(within_budget(passages, BUDGET, count_tokens)), findings)
    asyncio.run(_bill(charts, count_tokens, findings))
    return TaskResult(
        task=f"evidence_{charts.phrasing}",
        metrics=evidence_metrics(charts.phrasing == "b"),
        observations=tuple(findings.observations),
        examples=findings.worst(),
        data=charts.digests,
        seeds={"charts": charts.seed},
        notes=(
            "Tokens are counted by the embedding model's word pieces. Prompt tokens are those of the requests the "
            "chain sends to a model that rewrites every passage and needs no repair; ledger_b has what a model billed.",
        ),
    )


def _judge(
    chart: Chart, ledger: PatientLedger, due: tuple[LedgerFact, ...], passages: list[Passage], findings: Findings
) -> None:
    found = supported(due, passages)
    findings.add("evidence_recall", len(found), len(due))
    for kind in HANDOFF_KINDS:
        of_kind = [f for f in due if f.kind == kind]
        findings.add(f"evidence_recall_{kind}", sum(f in found for f in of_kind), len(of_kind))
    every = handoff_facts(ledger, every_result=True)
    findings.add("evidence_recall_every_result", len(supported(every, passages)), len(every))
    for fact in due:
        if fact not in found:
            span = fact.spans[-1]
            text = chart.note(span.note_id).text[max(0, span.start - 60) : span.end + 60]
            where = f"last stated in {span.note_id}: …{' '.join(text.split())}…"
            findings.tell("evidence_recall", f"{fact.kind} {fact.name} {fact.value}\n{where}")


async def _bill(charts: LedgerCharts, count_tokens: Callable[[str], int], findings: Findings) -> None:
    llm = CountingModel(count_tokens=count_tokens)
    chain = build_chain(llm=llm, metrics=Metrics(), llm_settings=LLMSettings())
    findings.system = "extractive"
    for chart, _ in charts:
        findings.unit = chart.patient_id
        usage = (await summarize(chain, chart, model_ready=True)).usage
        whole = sum(count_tokens(chart.note(h.note_id).text) for h in chart.headers)
        findings.add("prompt_tokens", usage.prompt_tokens, whole)
        findings.add("uncached_prompt_tokens", usage.prompt_tokens - usage.cached_prompt_tokens, whole)


def evidence_metrics(on_b: bool) -> tuple[Metric, ...]:
    """The metrics; bars hold on phrasing half b."""
    definition = (
        f"Of the handoff facts, the share of which the first {BUDGET} tokens of evidence, in the order in which it is "
        "put forward, cover half of a span or more that states the fact with its present dose or value."
    )
    by_kind = [Metric(f"evidence_recall_{k}", f"The same of {k} facts alone.", "higher") for k in HANDOFF_KINDS]
    return (
        Metric("evidence_recall", definition, "higher", 0.95 if on_b else None, "BM25 alone, measured beside it"),
        *by_kind,
        Metric(
            "evidence_recall_every_result", "The same with every test's newest value of the last year due.", "higher"
        ),
        Metric(
            "prompt_tokens",
            "Prompt tokens of all requests for a handoff, over the tokens of all notes of the chart. The full chart "
            "holds every fact, so that fact recall is no higher there.",
            "lower",
            0.15 if on_b else None,
            ".18",
        ),
        Metric(
            "uncached_prompt_tokens",
            "The same without what stands at the beginning of the request before, which a prefix cache pays once.",
            "lower",
        ),
    )
