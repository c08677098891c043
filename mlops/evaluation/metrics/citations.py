"""Whether citations hold the words they claim, and whether those words are the ones that state the fact."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from core.records import Citation
from mlops.evaluation.ledger import LedgerFact, PatientLedger
from mlops.evaluation.metrics.facts import claimed, told_facts
from mlops.evaluation.metrics.names import NameFinder
from mlops.evaluation.metrics.telling import ToldStatement, told_in


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, and the statements where it fell short."""

    hits: int
    total: int
    short: tuple[ToldStatement, ...] = ()


def validity(citations: Iterable[Citation], note_text: Callable[[str], str]) -> Share:
    """Citation validity: the share of citations whose quote equals `text[start:end]` of the note they name.

    Raises:
        Whatever `note_text` raises for a note the chart does not have.
    """
    checked = [c.quote == note_text(c.note_id)[c.start : c.end] and bool(c.quote.strip()) for c in citations]
    return Share(sum(checked), len(checked))


def precision(statements: Sequence[ToldStatement], ledger: PatientLedger, names: NameFinder) -> Share:
    """Citation precision: of the citations of statements that tell a ledger fact, the share that covers such a fact.

    A citation counts as right when it overlaps a span at which the ledger states one of the facts its statement tells:
    the same kind and name, and the dose or value that the statement gives (an earlier value that the statement gives as
    such is told as well). Statements that name no fact of the ledger cannot be judged by it and are left out.
    """
    hits, total, short = 0, 0, []
    for statement in statements:
        told = [facts for _, facts in _told(statement, ledger, names)]
        if not told:
            continue
        spans = {(s.note_id, s.start, s.end) for facts in told for f in facts for s in f.spans}
        right = sum(_covers(c, spans) for c in statement.citations)
        hits, total = hits + right, total + len(statement.citations)
        if right < len(statement.citations):
            short.append(statement)
    return Share(hits, total, tuple(short))


def recall(statements: Sequence[ToldStatement], ledger: PatientLedger, names: NameFinder) -> Share:
    """Citation recall: of all tellings, one a statement and fact, the share with a citation that states that fact.

    A telling is recalled when a citation of its own statement overlaps a span at which the ledger states the fact with
    the dose or value that the statement gives. A statement without citations recalls nothing.
    """
    hits, total, short = 0, 0, []
    for statement in statements:
        for _, facts in _told(statement, ledger, names):
            spans = {(s.note_id, s.start, s.end) for f in facts for s in f.spans}
            right = any(_covers(c, spans) for c in statement.citations)
            hits, total = hits + right, total + 1
            if not right:
                short.append(statement)
    return Share(hits, total, tuple(short))


def _told(
    statement: ToldStatement, ledger: PatientLedger, names: NameFinder
) -> list[tuple[tuple[str, str], tuple[LedgerFact, ...]]]:
    """For each fact the statement names its ledger facts with the value given; several namings of one are joined."""
    found: dict[tuple[str, str], tuple[LedgerFact, ...]] = {}
    for told in told_in(statement, ledger, names):
        # A test named without a value ("rising creatinine") tells no result.
        for key in (k for k in claimed(told, ledger) if k[0] != "result" or told.numbers):
            before = told_facts(key, replace(told, amounts=told.earlier), ledger) if told.earlier else ()
            found[key] = (*found.get(key, ()), *told_facts(key, told, ledger), *before)
    return list(found.items())


def _covers(citation: Citation, spans: Iterable[tuple[str, int, int]]) -> bool:
    return any(n == citation.note_id and a < citation.end and b > citation.start for n, a, b in spans)
