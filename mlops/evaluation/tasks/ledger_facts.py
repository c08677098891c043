"""Handoffs of synthetic charts, each statement held against the ledger: ours and the baselines' in one table."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import get_args

from chains.verification.grounding import grounding
from core.records import Citation, Outcome
from mlops.evaluation.charts import LedgerCharts
from mlops.evaluation.findings import Findings
from mlops.evaluation.ledger import PatientLedger
from mlops.evaluation.metrics import citations, errors, numbers
from mlops.evaluation.metrics.declared import ledger_metrics
from mlops.evaluation.metrics.facts import Claim, Due, Verdict, judge_claims, judge_due
from mlops.evaluation.metrics.handoff import HANDOFF_KINDS, handoff_facts
from mlops.evaluation.metrics.high_risk import is_high_risk
from mlops.evaluation.metrics.names import NameFinder
from mlops.evaluation.metrics.redundancy import redundancy
from mlops.evaluation.metrics.telling import ToldStatement
from mlops.evaluation.records import TaskResult
from mlops.evaluation.summaries import cited_sentences
from mlops.evaluation.systems import System, SystemSummary
from mlops.evaluation.systems.base import MAX_WORDS
from mlops.evaluation.vocabulary import name_finder
from vectorstore.chart import Chart

_NAMED = frozenset({Verdict.RIGHT, Verdict.NO_VALUE, Verdict.WRONG_VALUE})
WEAK_SUPPORT = 0.7


@dataclass(frozen=True, slots=True)
class Case:
    """One system's summary of one chart, with all it is held against."""

    chart: Chart
    ledger: PatientLedger
    summary: SystemSummary
    names: NameFinder

    @property
    def statements(self) -> tuple[ToldStatement, ...]:
        """The statements of the summary."""
        return self.summary.statements

    def sentence_of(self, citation: Citation) -> str:
        """The whole sentences a citation lies in."""
        return cited_sentences(self.chart, citation)


def run(charts: LedgerCharts, systems: Sequence[System], *, count_tokens: Callable[[str], int]) -> TaskResult:
    """Ask every system for the handoff of every chart (of as many as its `limit` allows) and judge what it tells.

    The task is called `ledger_a` or `ledger_b` by the phrasing of the charts; an observation is one patient's.
    `count_tokens` counts the tokens of a text, as `LocalEmbeddings.count_tokens` does. What a system raises is raised.
    """
    findings = Findings()
    asyncio.run(_measure(charts, systems, count_tokens, findings))
    return TaskResult(
        task=f"ledger_{charts.phrasing}",
        metrics=ledger_metrics(charts.phrasing),
        observations=tuple(findings.observations),
        examples=findings.worst(),
        data=charts.digests,
        seeds={"charts": charts.seed},
        notes=(
            f"{len(charts.ledgers)} charts of phrasing half {charts.phrasing}; rules are built on half a and reported "
            "on half b. Baselines give no sections, so their claims are read as of the date of the note they cite.",
        ),
    )


async def _measure(
    charts: LedgerCharts, systems: Sequence[System], count_tokens: Callable[[str], int], findings: Findings
) -> None:
    names = name_finder(charts.ledgers.values())
    for system in systems:
        findings.system = system.name
        async for case in _cases(charts, system, names):
            findings.unit = case.chart.patient_id
            judge(case, findings, count_tokens)


async def _cases(charts: LedgerCharts, system: System, names: NameFinder) -> AsyncIterator[Case]:
    for number, (chart, ledger) in enumerate(charts, 1):
        if system.limit and number > system.limit:
            return
        yield Case(chart, ledger, await system.summarize(chart), names)


def judge(case: Case, findings: Findings, count_tokens: Callable[[str], int]) -> None:
    """Everything that is measured on one summary."""
    _judge_citations(case, findings)
    _judge_due(case, findings)
    claims = judge_claims(case.statements, case.ledger, case.names, dated=True)
    _judge_claims(case, claims, findings)
    findings.add_share("unsupported_numbers", numbers.unsupported(case.statements, case.sentence_of))
    findings.add_share("negation_errors", errors.negation(case.statements, claims, case.ledger, case.names))
    findings.add_share("laterality_errors", errors.laterality(case.statements, case.sentence_of))
    findings.add_share("subject_errors", errors.subject(claims))
    findings.add_share("currency_errors", errors.currency(claims))
    findings.add_share("redundancy", redundancy(case.statements))
    _judge_size(case, findings, count_tokens)


def _judge_citations(case: Case, findings: Findings) -> None:
    shown = [c for s in case.statements for c in s.citations] + list(case.summary.conflicts)
    findings.add_share("citation_validity", citations.validity(shown, lambda note_id: case.chart.note(note_id).text))
    if not shown:
        return
    judged = (case.statements, case.ledger, case.names)
    findings.add_share("citation_precision", citations.precision(*judged))
    findings.add_share("citation_recall", citations.recall(*judged))
    for statement in case.statements:
        # A date that code added is that of the note it cites: no words of the chart have to carry it.
        text = statement.text
        for citation in statement.citations:
            text = text.replace(f" ({(citation.charted_at or '')[:10]})", "")
        support = grounding(text, [case.sentence_of(c) for c in statement.citations]).score
        findings.add("statement_support", support)
        if support < WEAK_SUPPORT:
            findings.show("statement_support", statement, f"support {support:.2f}", 1.0 - support)


def _judge_due(case: Case, findings: Findings) -> None:
    ask = partial(judge_due, statements=case.statements, ledger=case.ledger, names=case.names)
    due = ask(handoff_facts(case.ledger))
    _count_due("", due, findings)
    for kind in HANDOFF_KINDS:
        _count_due(f"_{kind}", [d for d in due if d.fact.kind == kind], findings)
    strict = ask(handoff_facts(case.ledger, every_result=True))
    findings.add("fact_recall_every_result", _right(strict), len(strict))
    allergies = [d for d in due if d.fact.kind == "allergy" and d.fact.name != "none"]
    findings.add("allergies_found", _right(allergies), len(allergies))
    risky = [d for d in due if is_high_risk(d.fact)]
    findings.add("high_risk_drugs", _right(risky), len(risky))
    for d in due:
        if d.verdict is not Verdict.RIGHT:
            findings.tell("fact_recall", _missed(case, d), 2.0 if d.verdict is Verdict.WRONG_VALUE else 1.0)


def _count_due(suffix: str, due: Sequence[Due], findings: Findings) -> None:
    findings.add(f"fact_recall{suffix}", _right(due), len(due))
    findings.add(f"fact_omission{suffix}", sum(d.verdict not in _NAMED for d in due), len(due))


def _right(due: Sequence[Due]) -> int:
    return sum(d.verdict is Verdict.RIGHT for d in due)


def _missed(case: Case, due: Due) -> str:
    fact, span = due.fact, due.fact.spans[-1]
    text = case.chart.note(span.note_id).text
    around = " ".join(text[max(0, span.start - 60) : span.end + 60].split())
    return f"{fact.kind} {fact.name} {fact.value}: {due.verdict}\nlast stated in {span.note_id}: …{around}…"


def _judge_claims(case: Case, claims: Sequence[Claim], findings: Findings) -> None:
    for kind in ("", *HANDOFF_KINDS):
        made = [c for c in claims if kind in ("", c.kind)]
        name = f"fact_precision_{kind}" if kind else "fact_precision"
        findings.add(name, sum(c.verdict is Verdict.RIGHT for c in made), len(made))
    now = judge_claims(case.statements, case.ledger, case.names, dated=False)
    findings.add("fact_precision_now", sum(c.verdict is Verdict.RIGHT for c in now), len(now))
    for claim in claims:
        if claim.verdict is not Verdict.RIGHT:
            why = f"{claim.kind} {claim.name}: {claim.verdict}; the chart ends {case.ledger.ends[:10]}"
            findings.show("fact_precision", claim.statement, why)


def _judge_size(case: Case, findings: Findings, count_tokens: Callable[[str], int]) -> None:
    notes = [case.chart.note(h.note_id).text for h in case.chart.headers]
    summary = case.summary
    findings.add("words", summary.words)
    findings.add("over_length", float(summary.words > MAX_WORDS))
    findings.add("compression", summary.words, sum(len(text.split()) for text in notes))
    findings.add("read_share", summary.read_share)
    outcomes = Counter(outcome for _, outcome in summary.outcomes)
    for outcome in get_args(Outcome):
        findings.add(f"sections_{outcome}", outcomes[outcome], len(summary.outcomes))
    usage = summary.usage
    if usage.prompt_tokens:
        findings.add("prompt_tokens", usage.prompt_tokens, sum(map(count_tokens, notes)))
        findings.add("cached_tokens", usage.cached_prompt_tokens, usage.prompt_tokens)
