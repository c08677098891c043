"""The events that announce a summary piece by piece."""

from dataclasses import dataclass, field
from typing import TypeAlias

from core.records.summary import Outcome, Statement, Summary
from core.records.trace import Trace


@dataclass(frozen=True, slots=True)
class SectionPreview:
    """A section that is about to be written."""

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class EvidenceEvent:
    """Sent first: what will be written, from how many notes."""

    summary_id: str
    sections: tuple[SectionPreview, ...]
    notes_considered: int
    note_ids: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class StatementEvent:
    """A statement that passed verification."""

    section: str
    statement: Statement


@dataclass(frozen=True, slots=True)
class SectionEvent:
    """A section that is complete."""

    key: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class SummaryEvent:
    """Sent last: the whole summary. `trace` says how it came about; it is kept and never sent."""

    summary: Summary
    trace: Trace | None = field(default=None, repr=False)


ChainEvent: TypeAlias = EvidenceEvent | StatementEvent | SectionEvent | SummaryEvent
