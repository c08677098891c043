"""Whether silence is as reliable as speech: questions with and without an answer in the chart."""

import asyncio
import csv
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from chains import SummaryChain
from chains.focus import FOCUS_KEY
from core.records import Outcome
from mlops.evaluation.charts import NOTES, LedgerCharts, ingested
from mlops.evaluation.findings import Findings
from mlops.evaluation.ledger import PatientLedger, all_facts
from mlops.evaluation.questions import Question, answerable, foreign, without_facts
from mlops.evaluation.records import Metric, TaskResult
from mlops.evaluation.summaries import summarize
from vectorstore.chart import Chart
from vectorstore.generation import Generation
from vectorstore.store import Store

EACH = 2
# Sections that one kind of fact alone can fill; the others may speak of anything.
SECTIONS: Mapping[str, frozenset[str]] = {
    "medications": frozenset({"drug"}),
    "allergies": frozenset({"allergy"}),
    "results": frozenset({"result", "vital"}),
    "procedures": frozenset({"procedure"}),
    "safety": frozenset({"code_status", "device"}),
}


def run(
    charts: LedgerCharts,
    chain: SummaryChain,
    *,
    system: str = "extractive",
    model_ready: bool = False,
    limit: int = 8,
) -> TaskResult:
    """Ask the first `limit` charts questions that they answer, the same with all evidence removed, and foreign ones.

    The task is called `abstention_a` or `abstention_b` by the phrasing of the charts. An observation is one question's,
    or one section's.
    """
    findings = Findings(system=system)
    asyncio.run(_Asking(charts, chain, findings, model_ready=model_ready, limit=limit).run())
    return TaskResult(
        task=f"abstention_{charts.phrasing}",
        metrics=abstention_metrics(charts.phrasing == "b"),
        observations=tuple(findings.observations),
        examples=findings.worst(),
        data=charts.digests,
        seeds={"charts": charts.seed, "questions": charts.seed},
    )


class _Asking:
    def __init__(
        self, charts: LedgerCharts, chain: SummaryChain, findings: Findings, *, model_ready: bool, limit: int
    ) -> None:
        self._charts = charts
        self._chain = chain
        self._findings = findings
        self._ready = model_ready
        self._pairs = [pair for pair, _ in zip(charts, range(limit), strict=False)]

    async def run(self) -> None:
        removed: dict[str, tuple[Question, ...]] = {}
        facts = all_facts(self._charts.ledgers.values())
        for chart, ledger in self._pairs:
            await self._sections(chart, ledger)
            asked = answerable(ledger, seed=self._charts.seed, each=EACH)
            for question in asked:
                await self._ask("over_refusal", question, chart)
            for question in foreign(ledger, chart, facts, seed=self._charts.seed, each=EACH):
                await self._ask("abstention_foreign", question, chart)
            # One of each kind: two would leave little of a short chart.
            removed[chart.patient_id] = tuple({q.fact.kind: q for q in asked}.values())
        generation = self._without(removed)
        for patient_id, questions in removed.items():
            if generation.has(patient_id):
                for question in questions:
                    await self._ask("abstention_removed", question, generation.chart(patient_id))

    async def _ask(self, metric: str, question: Question, chart: Chart) -> None:
        """Count the question as refused where its section says that nothing was found."""
        summary = await summarize(self._chain, chart, model_ready=self._ready, focus=question.text)
        section = next(s for s in summary.sections if s.key == FOCUS_KEY)
        silent = section.outcome == "no_evidence"
        self._findings.unit = question.unit
        self._findings.add(metric, float(silent))
        if metric.startswith("abstention"):
            self._findings.add("abstention", float(silent))
        wrong = silent if metric == "over_refusal" else not silent
        if wrong:
            shown = " | ".join(s.text for s in section.statements) or section.outcome
            self._findings.tell(metric, f"asked: {question.text} ({question.fact.kind} {question.fact.name})\n{shown}")

    async def _sections(self, chart: Chart, ledger: PatientLedger) -> None:
        summary = await summarize(self._chain, chart, model_ready=self._ready)
        outcomes: dict[str, Outcome] = {s.key: s.outcome for s in summary.sections}
        for key, kinds in SECTIONS.items():
            stated = [f for f in ledger.facts if f.kind in kinds and f.spans]
            due = [f for f in stated if ledger.holds(f) and any(s.assertion == "present" for s in f.spans)]
            self._findings.unit = f"{chart.patient_id}/{key}"
            if not stated:
                self._findings.add("section_abstention", float(outcomes[key] == "no_evidence"))
                if outcomes[key] != "no_evidence":
                    section = next(s for s in summary.sections if s.key == key)
                    for statement in section.statements:
                        self._findings.tell("section_abstention", f"[{key}] {statement.text}")
            elif due:
                silent = outcomes[key] in {"no_evidence", "withheld"}
                self._findings.add("section_over_refusal", float(silent))
                if silent:
                    names = ", ".join(sorted({f.name for f in due}))
                    self._findings.tell("section_over_refusal", f"[{key}] {outcomes[key]}; the chart states {names}")

    def _without(self, removed: Mapping[str, Sequence[Question]]) -> Generation:
        """The charts once more, each without any sentence that answers one of its questions, ingested anew."""
        texts: dict[str, str] = {}
        for chart, ledger in self._pairs:
            texts |= without_facts(chart, ledger, [q.fact for q in removed[chart.patient_id]])
        with gzip.open(self._charts.notes_file, "rt", encoding="utf-8", newline="") as file:
            rows = [{**row, "text": texts[row["note_id"]]} for row in csv.DictReader(file) if row["note_id"] in texts]
        digest = hashlib.sha256("\0".join(f"{n}\0{t}" for n, t in sorted(texts.items())).encode()).hexdigest()
        label = f"{self._charts.phrasing}-{self._charts.seed}-removed-{digest[:12]}"
        home = ingested(label, lambda folder: _write(folder, rows), self._charts.folder, self._charts.embeddings)
        return Store(home / "index", self._charts.embeddings).generation


def _write(folder: Path, rows: Sequence[Mapping[str, str]]) -> None:
    with gzip.open(folder / NOTES, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def abstention_metrics(on_b: bool) -> tuple[Metric, ...]:
    """The metrics; bars hold on phrasing half b."""
    return (
        Metric(
            "abstention",
            "Of questions after a fact of which the chart holds no evidence, the share answered no_evidence: facts "
            "whose every sentence was removed before ingest, and other patients' facts that left no trace here.",
            "higher",
            0.95 if on_b else None,
            "29% for a good model",
        ),
        Metric("abstention_removed", "Abstention on facts whose sentences were removed alone.", "higher"),
        Metric("abstention_foreign", "Abstention on other patients' facts alone.", "higher"),
        Metric(
            "over_refusal",
            "Of questions after a fact that notes of the chart state, the share answered no_evidence.",
            "lower",
            0.05 if on_b else None,
        ),
        Metric(
            "section_abstention",
            "Of handoff sections for which the ledger states no fact of their kinds, the share that says no_evidence.",
            "higher",
        ),
        Metric(
            "section_over_refusal",
            "Of handoff sections for which the ledger states a fact that holds at the chart's end, the share that "
            "shows nothing.",
            "lower",
        ),
    )
