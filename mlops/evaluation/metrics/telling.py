"""What a summary tells: each fact it names, how it asserts it, and with which dose or value.

A fact is told where a statement holds its name or a synonym, word-bounded and whatever the case. This is judged on the
text, so that every system is judged alike, whatever it made its statements from.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from core.records import Citation
from mlops.evaluation.ledger import LedgerFact, PatientLedger, Span
from mlops.evaluation.metrics.amounts import Amount, amounts_in, numbers_in
from mlops.evaluation.metrics.names import NameFinder, Naming
from mlops.evaluation.metrics.stance import Stance, VerbatimSpans, stance_by_words, stance_of_span

_DOSE_OF = re.compile(r"[\d.,/-]+\s?[A-Za-z]+(?: of)? $")
_MEASURED = {"vital": "result", "allergy": "drug"}


@dataclass(frozen=True, slots=True)
class ToldStatement:
    """A statement as any system gives it. `section` is the key of its section, "" where a system has none."""

    statement_id: str
    text: str
    citations: tuple[Citation, ...]
    section: str = ""
    status: str = "supported"


@dataclass(frozen=True, slots=True)
class Told:
    """One naming of facts in a statement.

    `keys` are the kinds and names it can stand for. `spans` are the ledger's own spans whose words the statement
    repeats here; where there are any, they and no cue words give the stance. `verbatim` says that the words around it
    are a note's own, whether the ledger knows them or not. `amounts` are the doses that belong to it now: those after
    it up to the next drug or to "previously", else one right before it ("5 mg of oxycodone"), else those after
    "previously"; `earlier` are those behind "previously". `numbers` are all numbers between it and the next name of
    anything.
    """

    statement: ToldStatement
    start: int
    end: int
    keys: frozenset[tuple[str, str]]
    stance: Stance
    spans: tuple[tuple[Span, LedgerFact], ...]
    verbatim: bool
    amounts: tuple[Amount, ...]
    earlier: tuple[Amount, ...]
    numbers: tuple[Decimal, ...]

    @property
    def words(self) -> str:
        """The name as it stands in the statement."""
        return self.statement.text[self.start : self.end]


def told_in(statement: ToldStatement, ledger: PatientLedger, names: NameFinder) -> list[Told]:
    """Everything that a statement names, in order."""
    found = [n for n in names.find(statement.text) if _is_meant(n, ledger)]
    verbatim = VerbatimSpans(statement.text, statement.citations, ledger)
    return [_told(statement, naming, found, i, verbatim) for i, naming in enumerate(found)]


def all_told(statements: Iterable[ToldStatement], ledger: PatientLedger, names: NameFinder) -> Iterator[Told]:
    """Everything that a summary names."""
    for statement in statements:
        yield from told_in(statement, ledger, names)


def _told(statement: ToldStatement, naming: Naming, found: list[Naming], index: int, verbatim: VerbatimSpans) -> Told:
    text, keys = statement.text, naming.keys
    spans = verbatim.at(naming.start, naming.end, keys)
    if spans:
        keys = frozenset(fact.key for _, fact in spans)
        stances = {stance_of_span(span) for span, _ in spans}
        # "from 25 mg to 50 mg" states the old dose as past and the new one as present.
        stance = Stance.PRESENT if Stance.PRESENT in stances else sorted(stances)[0]
        if stance is not Stance.PRESENT and not verbatim.has_words_beside(spans):
            # The words that say so were cut off: "penicillin" out of "no reaction to penicillin".
            stance = stance_by_words(text, naming.start, naming.end)
    else:
        stance = stance_by_words(text, naming.start, naming.end)
    quoted = verbatim.covers(naming.start, naming.end)
    later = found[index + 1 :]
    rival = next((n.start for n in later if _is_rival(n, naming) and not n.keys & naming.keys), len(text))
    nearest = next((n.start for n in later if not n.keys & naming.keys), len(text))
    now, _, before = text[naming.end : rival].partition("previously")
    earlier = tuple(amounts_in(before))
    amounts = tuple(amounts_in(now) or _right_before(text[: naming.start])) or earlier
    numbers = numbers_in(text[naming.end : nearest])
    return Told(
        statement, naming.start, naming.end, keys, stance, tuple(spans), quoted, amounts, earlier, tuple(numbers)
    )


def _right_before(text: str) -> list[Amount]:
    found = _DOSE_OF.search(text)
    return amounts_in(found[0]) if found else []


def _is_meant(naming: Naming, ledger: PatientLedger) -> bool:
    """Two letters mean what the patient's own ledger has by that name, and nothing where it has none."""
    if naming.end - naming.start > 2 or any(kind == "vital" for kind, _ in naming.keys):
        return True
    return any(key in ledger.by_key for key in naming.keys)


def _is_rival(other: Naming, naming: Naming) -> bool:
    """Whether numbers near both may be the other's: a drug and a drug, a test and a test."""
    return bool({_MEASURED.get(kind, kind) for kind, _ in other.keys} & {_MEASURED.get(k, k) for k, _ in naming.keys})
