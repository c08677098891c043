"""Numbers that a summary shows and its evidence does not hold."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from core.records import Citation
from mlops.evaluation.metrics.amounts import numbers_in, spelled_numbers_in
from mlops.evaluation.metrics.citations import Share
from mlops.evaluation.metrics.telling import ToldStatement


def unsupported(statements: Sequence[ToldStatement], sentence_of: Callable[[Citation], str]) -> Share:
    """Unsupported numbers: the numbers in statements that none of the sentences they cite holds, of all numbers.

    Numbers are compared as values: 1,000 is 1000 and .5 is 0.5; a number the sentence spells ("three") supports the
    digit. The date a cited note was charted on supports its own year, month and day. Sums, differences and converted
    units are not supported: nothing derived may be shown. `sentence_of` gives the whole sentences a citation lies in.
    A statement without citations has no support.
    """
    hits, total, short = 0, 0, []
    for statement in statements:
        shown = numbers_in(statement.text)
        known = _supported(statement.citations, sentence_of)
        missing = sum(number not in known for number in shown)
        hits, total = hits + missing, total + len(shown)
        if missing:
            short.append(statement)
    return Share(hits, total, tuple(short))


def _supported(citations: Sequence[Citation], sentence_of: Callable[[Citation], str]) -> set[Decimal]:
    known: set[Decimal] = set()
    for citation in citations:
        sentence = sentence_of(citation)
        known.update(numbers_in(sentence), spelled_numbers_in(sentence), numbers_in((citation.charted_at or "")[:10]))
    return known
