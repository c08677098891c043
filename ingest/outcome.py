"""What a run did, for its closing table and its metrics."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from core.telemetry import Metrics
from ingest.deidentify import IdentifierKind
from ingest.sources import Reason


@dataclass(slots=True)
class Outcome:
    """Counts of a run. `rows` is everything the sources held, rejected rows included.

    `worked` counts the notes that were de-identified, cut up and embedded in this run, and `chunks_worked` their
    chunks: `embedded` of these were put before the model, `reused` had a vector in the version before, and the others
    repeat one of those. `taken_over` counts the notes that an interrupted run had finished.
    """

    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    worked: int = 0
    taken_over: int = 0
    patients: int = 0
    chunks: int = 0
    chunks_worked: int = 0
    embedded: int = 0
    reused: int = 0
    seconds: float = 0.0
    generation: int = 0
    published: bool = False
    finished: bool = False
    compacted: int | None = None
    index_notes: int = 0
    rejected: Counter[Reason] = field(default_factory=Counter)
    identifiers: Counter[IdentifierKind] = field(default_factory=Counter)
    incomplete: tuple[str, ...] = ()
    not_read: tuple[str, ...] = ()
    report: Path | None = None

    @property
    def quarantined(self) -> int:
        """Rows set aside against the intent of their source."""
        return sum(count for reason, count in self.rejected.items() if reason.quarantined)

    @property
    def repeated(self) -> int:
        """Chunks whose words another chunk had just before."""
        return self.chunks_worked - self.embedded - self.reused

    def table(self) -> str:
        """The closing table."""
        lines: list[tuple[str, str]] = [
            *(("not read, files unchanged", name) for name in self.not_read),
            ("rows read", f"{self.rows:,}"),
            ("added", f"{self.added:,}"),
            ("changed", f"{self.changed:,}"),
            ("unchanged", f"{self.unchanged:,}"),
            ("removed", f"{self.removed:,}"),
            ("quarantined", f"{self.quarantined:,}"),
            *((f"  {r.value}", f"{n:,}") for r, n in self.rejected.most_common() if r.quarantined),
            *((f"left out: {r.value}", f"{n:,}") for r, n in self.rejected.most_common() if not r.quarantined),
            ("identifiers found", f"{self.identifiers.total():,}"),
            *((f"  {kind.value}", f"{n:,}") for kind, n in self.identifiers.most_common()),
            ("notes worked on", f"{self.worked:,}"),
            *([("taken over from an interrupted run", f"{self.taken_over:,}")] if self.taken_over else []),
            ("chunks embedded", f"{self.embedded:,}"),
            ("chunks repeated", f"{self.repeated:,}"),
            ("chunks reused", f"{self.reused:,}"),
            ("patients written", f"{self.patients:,}"),
            ("chunks written", f"{self.chunks:,}"),
            ("seconds", f"{self.seconds:,.1f}"),
            ("generation", f"{self.generation}{self._why_this()}"),
            *([("compacted into generation", f"{self.compacted}")] if self.compacted else []),
        ]
        if self.report:
            lines.append(("quarantine report", str(self.report)))
        lines += [("not read whole, nothing removed", name) for name in self.incomplete]
        width = max(len(name) for name, _ in lines)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in lines)

    def record(self, metrics: Metrics) -> None:
        """Count the run in the project's metrics. What a failed run had found to change did not come true."""
        came_true = {
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "removed": self.removed,
        }
        outcomes = {
            **{name: count if self.finished or self.published else 0 for name, count in came_true.items()},
            "quarantined": self.quarantined,
            **{reason.value: n for reason, n in self.rejected.items() if not reason.quarantined},
        }
        for outcome, count in outcomes.items():
            metrics.ingest_notes.labels(outcome).inc(count)
        metrics.ingest_seconds.observe(self.seconds)
        metrics.index_generation.set(self.compacted or self.generation)
        metrics.index_notes.set(self.index_notes)

    def _why_this(self) -> str:
        if self.published:
            return ""
        return " (nothing changed)" if self.finished else " (nothing published)"
