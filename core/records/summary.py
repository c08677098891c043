"""A request for a summary, and the summary."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["supported", "quoted"]
Outcome: TypeAlias = Literal["ok", "partial", "withheld", "no_evidence", "failed"]
Mode: TypeAlias = Literal["abstractive", "extractive"]
Flag: TypeAlias = Literal["paraphrased", "reattributed", "unusual"]


@dataclass(frozen=True, slots=True)
class SummaryRequest:
    """What the caller wants to read. `since` and `until` are ISO dates or times, inclusive."""

    patient_id: str
    template: str = "handoff"
    focus: str | None = None
    since: str | None = None
    until: str | None = None
    note_types: tuple[str, ...] = ()
    max_words: int = 350
    require: Literal["abstractive"] | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact words that support a statement: `quote == text[start:end]` of the note."""

    note_id: str
    note_type: str
    charted_at: str | None
    section: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of a summary. `quoted` statements are the chart's own words.

    `flags` tell the reader what to look at twice: `paraphrased` (words of the writer's own), `reattributed` (the
    writer named other evidence than what supports it), `unusual` (the cited words hold what charts do not: orders to a
    machine, hidden characters, markup).
    """

    statement_id: str
    text: str
    status: Status
    citations: tuple[Citation, ...]
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class SummarySection:
    """One section of a summary; `withheld` counts statements that nothing could support."""

    key: str
    title: str
    outcome: Outcome
    withheld: int
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two places of the chart that cannot both be true."""

    kind: str
    text: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class SkippedNote:
    """A note that was not considered, and why. `source` names the ingest source that set it aside, if one did."""

    note_id: str
    reason: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the chart the summary rests on, in notes."""

    notes_total: int
    notes_considered: int
    notes_cited: int
    quarantined: int
    skipped: tuple[SkippedNote, ...]


@dataclass(frozen=True, slots=True)
class PromptRef:
    """A released prompt."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """All that the summary's words depend on."""

    index_generation: int
    patient_digest: str
    embedding_model: str
    model: str | None
    adapter: str | None
    prompt: PromptRef
    verifier: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Model tokens, zero in extractive mode."""

    prompt_tokens: int = 0
    cached_prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.cached_prompt_tokens + other.cached_prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds since the request arrived at the chain; None where nothing was stated."""

    gather_s: float
    first_statement_s: float | None
    total_s: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole answer."""

    summary_id: str
    patient_id: str
    template: str
    generated_at: str
    mode: Mode
    sections: tuple[SummarySection, ...]
    conflicts: tuple[Conflict, ...]
    coverage: Coverage
    provenance: Provenance
    usage: Usage
    timings: Timings
