"""Which facts the evidence put before a model supports, within a budget of tokens."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mlops.evaluation.ledger import LedgerFact

COVERED = 0.5


@dataclass(frozen=True, slots=True)
class Passage:
    """Words of a note as they are put before a model: `start:end` of the note, and the line that shows them."""

    note_id: str
    start: int
    end: int
    line: str


def within_budget(passages: Iterable[Passage], budget: int, count_tokens: Callable[[str], int]) -> Iterator[Passage]:
    """Passages in order until the first that no longer fits; one whose words lie within an earlier one costs nothing.

    `count_tokens` counts the whole line, date, note type and marker included, since all of it is paid for.
    """
    kept: list[Passage] = []
    for passage in passages:
        if any(_contains(other, passage) for other in kept):
            continue
        budget -= count_tokens(passage.line)
        if budget < 0:
            return
        kept.append(passage)
        yield passage


def supported(facts: Sequence[LedgerFact], passages: Sequence[Passage]) -> list[LedgerFact]:
    """The facts that at least one passage states: it covers half of a span at which the ledger states them or more.

    A fact is one dose of a drug or one value of a test, so that words which give another dose do not support it. Stale
    spans, told as present when they were over, do not count.
    """
    return [fact for fact in facts if any(_states(p, fact) for p in passages)]


def _states(passage: Passage, fact: LedgerFact) -> bool:
    return any(
        s.note_id == passage.note_id
        and min(s.end, passage.end) - max(s.start, passage.start) >= COVERED * (s.end - s.start)
        for s in fact.spans
        if not s.stale
    )


def _contains(outer: Passage, inner: Passage) -> bool:
    return outer.note_id == inner.note_id and outer.start <= inner.start and inner.end <= outer.end
