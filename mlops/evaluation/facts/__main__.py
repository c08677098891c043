"""`python -m mlops.evaluation.facts --patients 12 --seed 5 --phrasing a [--misses 40]`: recall, precision and misses.

Extractive handoffs at the default length. Exit code 0 whatever was measured.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from chains import build_chain
from core.settings import LLMSettings
from core.telemetry import Metrics
from ingest.synthetic.phrasing import HALVES
from mlops.evaluation.charts import CACHE, LedgerCharts, ledger_charts
from mlops.evaluation.metrics.facts import Claim, Due, Verdict, judge_claims, judge_due
from mlops.evaluation.metrics.handoff import HANDOFF_KINDS, handoff_facts
from mlops.evaluation.metrics.telling import ToldStatement
from mlops.evaluation.summaries import statements_of, summarize
from mlops.evaluation.vocabulary import name_finder


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    options = _parser().parse_args(arguments)
    charts = ledger_charts(options.phrasing, patients=options.patients, seed=options.seed, folder=options.work)
    names = name_finder(charts.ledgers.values())
    summaries = asyncio.run(_summaries(charts))
    due: list[Due] = []
    every: list[Due] = []
    claims: list[tuple[str, Claim]] = []
    now: list[Claim] = []
    for chart, ledger in charts:
        statements = summaries[chart.patient_id]
        due += judge_due(handoff_facts(ledger), statements, ledger, names)
        every += judge_due(handoff_facts(ledger, every_result=True), statements, ledger, names)
        claims += [(chart.patient_id, c) for c in judge_claims(statements, ledger, names, dated=True)]
        now += judge_claims(statements, ledger, names, dated=False)
    _print_tables(due, every, claims)
    so = sum(c.verdict is Verdict.RIGHT for c in now)
    print(f"precision with every statement read as of the chart's end: {so / max(1, len(now)):.3f}")
    words = sorted(sum(len(s.text.split()) for s in statements) for statements in summaries.values())
    print(f"words: median {words[len(words) // 2]}, longest {words[-1]}; {len(words)} charts, {charts.name}")
    _print_misses(charts, due, claims, options.misses)
    return 0


async def _summaries(charts: LedgerCharts) -> dict[str, tuple[ToldStatement, ...]]:
    chain = build_chain(llm=None, metrics=Metrics(), llm_settings=LLMSettings())
    return {chart.patient_id: statements_of(await summarize(chain, chart)) for chart, _ in charts}


def _print_tables(due: Sequence[Due], every: Sequence[Due], claims: Sequence[tuple[str, Claim]]) -> None:
    print(f"{'kind':<14}{'due':>6}{'recall':>9}{'omitted':>9}{'claims':>9}{'precision':>11}")
    for kind in ("all", *HANDOFF_KINDS, "every result"):
        asked = [d for d in (every if kind == "every result" else due) if kind in ("all", "every result", d.fact.kind)]
        if kind == "every result":
            asked = [d for d in asked if d.fact.kind == "result"]
        told = sum(d.verdict is Verdict.RIGHT for d in asked)
        made = [c for _, c in claims if kind in ("all", c.kind)]
        right = sum(c.verdict is Verdict.RIGHT for c in made)
        share, precision = told / max(1, len(asked)), right / max(1, len(made))
        row = f"{kind:<14}{len(asked):>6}{share:>9.3f}{1 - share:>9.3f}{len(made):>9}"
        print(row + (f"{precision:>11.3f}" if made else ""))
    for title, verdicts in (("due", [d.verdict for d in due]), ("claims", [c.verdict for _, c in claims])):
        print(f"{title}: " + ", ".join(f"{n} {v}" for v, n in Counter(verdicts).most_common()))


def _print_misses(charts: LedgerCharts, due: Sequence[Due], claims: Sequence[tuple[str, Claim]], limit: int) -> None:
    for d in [d for d in due if d.verdict is not Verdict.RIGHT][:limit]:
        fact = d.fact
        print(f"\nMISSED {fact.patient_id} {fact.kind} {fact.name!r} {fact.value} {d.verdict} ({fact.fact_id})")
        chart = charts.generation.chart(fact.patient_id)
        for span in fact.spans[-2:]:
            text = chart.note(span.note_id).text
            around = " ".join(text[max(0, span.start - 60) : span.end + 60].split())
            print(f"    {span.note_id} {span.start}: …{around}… ({span.assertion} {span.action})")
    for patient_id, claim in [(p, c) for p, c in claims if c.verdict is not Verdict.RIGHT][:limit]:
        statement = claim.statement
        print(f"\nWRONG {patient_id} {claim.kind} {claim.name!r}: {claim.verdict}")
        dates = ", ".join(f"{c.note_id} {c.charted_at}" for c in statement.citations)
        print(f"    [{statement.section}] {statement.text} ({dates}; chart ends {charts.ledgers[patient_id].ends})")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mlops.evaluation.facts", description="Fact recall and precision of extractive handoffs."
    )
    parser.add_argument("--patients", type=int, default=12, help="charts to make")
    parser.add_argument("--seed", type=int, default=5, help="seed of the charts")
    parser.add_argument("--phrasing", choices=HALVES, default="a", help="a and c to build rules on, b to report")
    parser.add_argument("--misses", type=int, default=0, help="how many misses of each sort to print")
    parser.add_argument("--work", type=Path, default=CACHE, help="folder where charts are kept")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
