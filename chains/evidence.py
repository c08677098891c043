"""What a summary is made of before anything is written: evidence in groups, one group a statement."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.records import Citation, Conflict, Coverage, SectionKind, SummaryRequest
from extraction.timeline import ResolvedFact
from prompts import SectionPlan
from vectorstore.chart import Chart

if TYPE_CHECKING:
    from chains.verification.chart import Remembered


@dataclass(frozen=True, slots=True)
class ChainInput:
    """A request with the one chart it may read. `model_ready` is false while no model answers."""

    request: SummaryRequest
    chart: Chart
    summary_id: str
    model_ready: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """A span of the chart as it is put before the model: an id of a closed set, and where it stands.

    `context` is the whole sentence the span lies in; checks of negation and subject read it. `unusual` says that its
    words are foreign to a chart (`chains.foreign`).
    """

    evidence_id: str
    citation: Citation
    kind: SectionKind
    context: str
    unusual: bool = False

    @property
    def text(self) -> str:
        """The quoted words with white space collapsed."""
        return " ".join(self.citation.quote.split())


@dataclass(frozen=True, slots=True)
class Group:
    """Evidence for one statement, in chart order.

    `quote` is the span shown when the chart's own words must do. `composed` is text that code wrote from resolved
    facts, "" where the quote itself or a rewriting of the evidence is to be shown. `rewritable` says that prose by
    the model would help the reader.
    """

    section: str
    index: int
    evidence: tuple[Evidence, ...]
    quote: Evidence
    composed: str = ""
    rewritable: bool = False

    @property
    def key(self) -> tuple[str, int]:
        """Identifies the group within its summary."""
        return self.section, self.index

    @property
    def planned_words(self) -> int:
        """Words it will take in the summary when nothing is rewritten."""
        return len((self.composed or self.quote.text).split())

    @property
    def unusual(self) -> bool:
        """Whether it holds foreign words: shown beside the rest, never rewritten, and at nobody else's expense."""
        return self.quote.unusual or any(e.unusual for e in self.evidence)


@dataclass(frozen=True, slots=True)
class SectionEvidence:
    """The groups of one section; `failed` when gathering them broke."""

    plan: SectionPlan
    groups: tuple[Group, ...]
    failed: bool = False

    @property
    def own_groups(self) -> tuple[Group, ...]:
        """The groups without foreign words."""
        return tuple(group for group in self.groups if not group.unusual)


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that was gathered for a request; the first thing that travels down the chain.

    `resolved` is what the whole scope says of each fact, against which statements about the present are checked;
    `remembered` is what checks found out of that scope before.
    """

    input: ChainInput
    sections: tuple[SectionEvidence, ...]
    conflicts: tuple[Conflict, ...]
    coverage: Coverage
    note_ids: tuple[str, ...]
    started: float
    gather_s: float
    resolved: tuple[ResolvedFact, ...] = ()
    remembered: "Remembered | None" = field(default=None, repr=False, compare=False)

    @property
    def request(self) -> SummaryRequest:
        """What was asked for."""
        return self.input.request
