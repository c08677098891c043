"""Quality: what readers are shown of what was asked for, and what the checks hold back."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.grafana.parts import OURS, Panel, Query, Section, board, rate, rates, replicas

_KEPT = f'sum(rate(anamnesis_statements_total{{{OURS},status="supported"}}[$__rate_interval]))'
_QUOTED = f'sum(rate(anamnesis_statements_total{{{OURS},status="quoted"}}[$__rate_interval]))'
_WITHHELD = rate("anamnesis_statements_withheld_total")
_ALL = f"({rate('anamnesis_statements_total')} + {_WITHHELD})"
_REFUSED = rate("anamnesis_statements_refused_total")
_WRITTEN = f'sum(rate(anamnesis_summaries_total{{{OURS},mode="abstractive"}}[$__rate_interval]))'
_ANSWERED = f'sum(rate(anamnesis_summaries_total{{{OURS},outcome="ok"}}[$__rate_interval]))'

STATEMENTS = Section(
    "Statements",
    (
        Panel(
            "stack",
            "Kept, quoted, withheld",
            (Query(_KEPT, "kept"), Query(_QUOTED, "quoted"), Query(_WITHHELD, "withheld")),
            "cps",
            "Kept: passed the checks as written. Quoted: the chart's own words in its place. Withheld: neither passed.",
        ),
        Panel(
            "graph",
            "Shares",
            (
                Query(f"{_KEPT} / {_ALL}", "kept"),
                Query(f"{_QUOTED} / {_ALL}", "quoted"),
                Query(f"{_WITHHELD} / {_ALL}", "withheld"),
            ),
            "percentunit",
        ),
        Panel(
            "graph",
            "Share refused",
            (Query(f"{_REFUSED} / ({_REFUSED} + {rate('anamnesis_statements_total')})", "refused"),),
            "percentunit",
            "Attempts that a check stopped, of these and the statements shown.",
        ),
        Panel("stack", "Refused, by check", rates("anamnesis_statements_refused_total", "reason"), "cps"),
        Panel(
            "graph",
            "Statements of a summary",
            (
                Query(f"{rate('anamnesis_statements_total')} / {_ANSWERED}", "shown"),
                Query(f"{_WITHHELD} / {_ANSWERED}", "withheld"),
            ),
        ),
        Panel(
            "graph",
            "Share of summaries a model wrote in",
            (Query(f"{_WRITTEN} / {rate('anamnesis_summaries_total')}", "abstractive"),),
            "percentunit",
        ),
    ),
    across=3,
)
SECTIONS = Section(
    "Sections",
    (
        Panel("stack", "Sections by outcome", rates("anamnesis_sections_total", "outcome"), "cps"),
        Panel(
            "graph",
            "Share of sections by outcome",
            (
                Query(
                    f"{rate('anamnesis_sections_total', 'outcome')} / ignoring(outcome) group_left"
                    f" {rate('anamnesis_sections_total')}",
                    "{{outcome}}",
                ),
            ),
            "percentunit",
            "no_evidence: searched and not found. withheld: found, and nothing passed. failed: an error of ours.",
        ),
    ),
    across=2,
)


def quality() -> Dashboard:
    """The dashboard."""
    return board("anamnesis-quality", "Anamnesis quality", (STATEMENTS, SECTIONS), replicas())
