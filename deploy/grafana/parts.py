"""What dashboards are made of here: panels with their queries, in rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal, TypeAlias

from grafana_foundation_sdk.builders.common import StackingConfig, VizLegendOptions
from grafana_foundation_sdk.builders.dashboard import Dashboard, QueryVariable, Row, ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as Timeseries
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement, StackingMode
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
    VariableRefresh,
)

Unit: TypeAlias = Literal[
    "short", "s", "reqps", "percentunit", "bytes", "tokens", "dateTimeAsIso", "dateTimeFromNow", "cps"
]

SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
WIDTH = 24
STAT_HEIGHT, GRAPH_HEIGHT = 4, 8
OURS = 'job="anamnesis",instance=~"$instance"'
"""Selects the service's replicas that the reader chose."""


@dataclass(frozen=True, slots=True)
class Query:
    """An expression and the name of its lines; `{{label}}` stands for a label's value."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Warned:
    """A number turns orange from `above` on."""

    above: float


@dataclass(frozen=True, slots=True)
class Panel:
    """A number (`stat`) or lines over time (`graph`, `stack`); `said` is what it means to a reader."""

    kind: Literal["stat", "graph", "stack"]
    title: str
    queries: tuple[Query, ...]
    unit: Unit = "short"
    said: str = ""
    words: tuple[str, ...] = ()
    """What the values 0, 1, 2 … are called."""
    warned: Warned | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Panels below one heading, side by side in equal widths, `across` in a row."""

    title: str
    panels: tuple[Panel, ...]
    across: int


def rate(series: str, by: str = "", selector: str = OURS) -> str:
    """How much a counter grows a second, summed; by a label where one is named."""
    grouped = f" by ({by})" if by else ""
    return f"sum{grouped} (rate({series}{{{selector}}}[$__rate_interval]))"


def rates(series: str, by: str, selector: str = OURS) -> tuple[Query, ...]:
    """A line a value of the label."""
    return (Query(rate(series, by, selector), f"{{{{{by}}}}}"),)


def quantiles(series: str, by: str = "", selector: str = OURS) -> tuple[Query, ...]:
    """The median and the 95th and 99th percentile of a histogram; by a label only the 95th."""
    buckets = rate(f"{series}_bucket", f"le, {by}" if by else "le", selector)
    if by:
        return (Query(f"histogram_quantile(0.95, {buckets})", f"p95 {{{{{by}}}}}"),)
    return tuple(Query(f"histogram_quantile({q}, {buckets})", f"p{round(q * 100)}") for q in (0.5, 0.95, 0.99))


def mean(series: str, legend: str, selector: str = OURS) -> Query:
    """The mean of a histogram."""
    return Query(f"{rate(f'{series}_sum', '', selector)} / {rate(f'{series}_count', '', selector)}", legend)


def replicas() -> QueryVariable:
    """The variable `$instance`: which replicas of the service."""
    return variable("instance", 'label_values(up{job="anamnesis"}, instance)')


def variable(name: str, query: str) -> QueryVariable:
    """A choice of several values or all, asked of Prometheus."""
    made = QueryVariable(name).query(query).datasource(SOURCE).multi(True).include_all(True)
    return made.all_value(".*").refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)


def board(uid: str, title: str, sections: Sequence[Section], *variables: QueryVariable) -> Dashboard:
    """A dashboard; Grafana's own editor cannot change it."""
    made = Dashboard(title).uid(uid).tags(["anamnesis"]).refresh("30s").time("now-6h", "now").timezone("browser")
    made = made.readonly().version(1).variables([*variables])
    ids = count(1)
    for section in sections:
        made = made.with_row(Row(section.title).id(next(ids)))
        for panel in section.panels:
            made = made.with_panel(_built(panel, WIDTH // section.across).id(next(ids)))
    return made


def _built(panel: Panel, width: int) -> Stat | Timeseries:
    made = _stat(panel) if panel.kind == "stat" else _graph(panel, stacked=panel.kind == "stack")
    made = made.title(panel.title).description(panel.said).datasource(SOURCE).unit(panel.unit).span(width)
    for letter, query in zip("ABCDEFGH", panel.queries, strict=False):
        asked = Dataquery().expr(query.expr).legend_format(query.legend).ref_id(letter).datasource(SOURCE).range()
        made = made.with_target(asked)
    if panel.words:
        named = {str(n): ValueMappingResult(text=word, index=n) for n, word in enumerate(panel.words)}
        made = made.mappings([ValueMap(options=named)])
    if panel.warned:
        steps = [Threshold(value=None, color="green"), Threshold(value=panel.warned.above, color="orange")]
        made = made.thresholds(ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
    return made


def _stat(panel: Panel) -> Stat:
    return Stat().height(STAT_HEIGHT).no_value("none yet")


def _graph(panel: Panel, *, stacked: bool) -> Timeseries:
    legend = VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM).show_legend(True)
    made = Timeseries().height(GRAPH_HEIGHT).min(0).line_width(1).legend(legend)
    if not stacked:
        return made
    return made.fill_opacity(20).stacking(StackingConfig().mode(StackingMode.NORMAL).group("A"))
