"""True statements and mutants of synthetic charts: the ledger says what is true, so each mutant is surely false."""

from collections.abc import Iterator, Mapping

from mlops.evaluation.mutations.charts import LedgerChart, Stated, ledger_chart
from mlops.evaluation.mutations.ledger_statements import overtaken, told_by
from mlops.evaluation.mutations.made import TrueStatement, mutants_of
from mlops.evaluation.mutations.trial import Origin, Trial, sample

_EACH = 8
_ORIGINS: Mapping[str, Origin] = {"a": "ledger_a", "b": "ledger_b"}


def trials(*, patients: int, seed: int) -> Iterator[Trial]:
    """A sample of errors of each phrasing half, as many of each type where there are so many, and the truths."""
    for half, origin in _ORIGINS.items():
        true: dict[str, TrueStatement] = {}
        made: list[Trial] = []
        for index in range(patients):
            for statement, told in told_of(ledger_chart(half, seed=seed, index=index), origin):
                true[statement.unit] = statement
                made.extend(mutants_of(statement, told))
        kept = sample(made, each=_EACH, key=lambda t: t.label)
        yield from (true[unit].trial() for unit in sorted({t.unit for t in kept}) if true[unit].text)
        yield from kept


def told_of(chart: LedgerChart, origin: Origin) -> Iterator[tuple[TrueStatement, list[tuple[str, str]]]]:
    """What may and may not be said of each fact: by its last place, and by its first where that is overtaken."""
    for fact in chart.facts:
        places = chart.stated[fact.fact_id]
        if not places or not fact.correct:
            continue
        if told := told_by(chart, places[-1]):
            yield _statement(chart, origin, places[-1], told[0]), told[1]
        if not chart.holds(fact) and (once_true := overtaken(chart, places[0])):
            yield _statement(chart, origin, places[0], "", suffix="/then"), [("currency", once_true)]


def _statement(chart: LedgerChart, origin: Origin, place: Stated, text: str, *, suffix: str = "") -> TrueStatement:
    unit = f"{origin}/{place.fact.fact_id}{suffix}"
    return TrueStatement(unit, origin, text, (place.evidence,), chart.resolved)
