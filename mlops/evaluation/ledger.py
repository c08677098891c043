"""The ledger of synthetic charts, read back: what is true of each patient, until when, and which words say so."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class Span:
    """Words of a note that state a fact: `start:end` (code points, half-open), how they assert it, what is done."""

    note_id: str
    start: int
    end: int
    assertion: str
    action: str
    stale: bool = False
    copied: bool = False


@dataclass(frozen=True, slots=True)
class LedgerFact:
    """One fact. Times are ISO 8601, None where open; `correct` is False for what the chart once got wrong.

    A drug at another dose is another fact of the same name, and so is each value of a laboratory test.
    """

    fact_id: str
    patient_id: str
    kind: str
    name: str
    synonyms: tuple[str, ...] = ()
    value: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    valid_from: str | None = None
    valid_until: str | None = None
    superseded_by: str | None = None
    correct: bool = True
    spans: tuple[Span, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Kind and name: what all doses of a drug, or all values of a test, have in common."""
        return self.kind, self.name

    @property
    def names(self) -> tuple[str, ...]:
        """All ways of naming it, the canonical one first."""
        return tuple(dict.fromkeys((self.name, *self.synonyms)))


@dataclass(frozen=True)
class PatientLedger:
    """Everything true of one patient, and what the chart gets wrong. `ends` is when the newest note was charted."""

    patient_id: str
    facts: tuple[LedgerFact, ...]
    ends: str

    @cached_property
    def by_key(self) -> Mapping[tuple[str, str], tuple[LedgerFact, ...]]:
        """The facts of each kind and name."""
        found: dict[tuple[str, str], list[LedgerFact]] = {}
        for fact in self.facts:
            found.setdefault(fact.key, []).append(fact)
        return {key: tuple(facts) for key, facts in found.items()}

    @cached_property
    def spans_by_note(self) -> Mapping[str, tuple[tuple[Span, LedgerFact], ...]]:
        """For each note the spans in it with their facts."""
        found: dict[str, list[tuple[Span, LedgerFact]]] = {}
        for fact in self.facts:
            for span in fact.spans:
                found.setdefault(span.note_id, []).append((span, fact))
        return {note_id: tuple(pairs) for note_id, pairs in found.items()}

    def holds(self, fact: LedgerFact) -> bool:
        """Whether it is true when the chart ends: correct, and neither over nor superseded by then."""
        if not fact.correct or fact.superseded_by:
            return False
        return fact.valid_until is None or fact.valid_until > self.ends

    def holding(self, key: tuple[str, str]) -> tuple[LedgerFact, ...]:
        """The facts of a kind and name that are true when the chart ends."""
        return tuple(f for f in self.by_key.get(key, ()) if self.holds(f))


def read_ledger(path: Path, ends: Mapping[str, str]) -> dict[str, PatientLedger]:
    """All patients of a facts.jsonl file; `ends` maps each patient to when the newest note was charted.

    Raises:
        OSError: the file cannot be read.
    """
    found: dict[str, list[LedgerFact]] = {patient_id: [] for patient_id in ends}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            fact = _fact(line)
            found.setdefault(fact.patient_id, []).append(fact)
    return {p: PatientLedger(p, tuple(facts), ends.get(p, "")) for p, facts in found.items()}


def _fact(line: str) -> LedgerFact:
    fields = json.loads(line)
    spans = tuple(Span(**span) for span in fields.pop("statements"))
    synonyms = tuple(fields.pop("synonyms"))
    return LedgerFact(**fields, synonyms=synonyms, spans=spans)


def days_before_end(ledger: PatientLedger, time: str | None) -> int | None:
    """Whole days from an ISO time to the chart's end, None where there is no time."""
    if time is None:
        return None
    return (date.fromisoformat(ledger.ends[:10]) - date.fromisoformat(time[:10])).days


def all_facts(ledgers: Iterable[PatientLedger]) -> list[LedgerFact]:
    """The facts of several patients."""
    return [fact for ledger in ledgers for fact in ledger.facts]
