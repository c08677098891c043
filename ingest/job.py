"""The ingest job: read, de-identify, compare, cut up, embed, publish."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import IngestFailed
from core.records import Note, ProcessedNote, SkippedNote
from core.telemetry import traits_of
from ingest.comparison import ChartChange, claim, compare, quarantined
from ingest.deidentify import Deidentifier, Detector, Policy
from ingest.embedding import Embed, PreparedChart, Vectors, WindowedEmbedder
from ingest.outcome import Outcome, RunFailed
from ingest.processing import chunking_spec, process
from ingest.progress import NoProgress, Progress
from ingest.quarantine import QuarantineReport
from ingest.sources import READERS, Reason, Rejected, SourceInput
from ingest.spool import Spool, SpooledNote
from vectorstore.specs import EmbeddingSpec
from vectorstore.writer import IndexWriter

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IngestPlan:
    """What to read and how. Inputs with the same name belong to one source and are its whole snapshot together."""

    inputs: tuple[SourceInput, ...]
    index_dir: Path
    quarantine_dir: Path
    policy: Policy = "mask"
    max_note_chars: int = 2_000_000
    max_bad_share: float = 0.10
    chunk_tokens: int = 200
    keep: int = 3
    rebuild: bool = False
    allow_empty: bool = False

    @property
    def sources(self) -> list[str]:
        """The names of the sources, each once."""
        return list(dict.fromkeys(item.name for item in self.inputs))


@dataclass(frozen=True, slots=True)
class Embedder:
    """What the job needs of an embedding model; `embed` gives unit vectors, float32 of shape (texts, dimension)."""

    spec: EmbeddingSpec
    embed: Embed
    count_tokens: Callable[[str], int]


def run_ingest(
    plan: IngestPlan, *, embedder: Embedder, detector: Detector, progress: Progress | None = None
) -> Outcome:
    """Bring the index to the state of the plan's sources.

    Raises:
        IngestFailed: too many rows are bad, a source cannot be read or holds nothing, or another writer is at work.
            Nothing was published.
        IndexMismatch: the index was built with another model, chunking or version; nothing was published.
    """
    began = time.monotonic()
    with ExitStack() as stack:
        writer = IndexWriter(
            plan.index_dir,
            embedding=embedder.spec,
            chunking=chunking_spec(plan.chunk_tokens),
            keep=plan.keep,
            rebuild=plan.rebuild,
        )
        stack.enter_context(writer)
        spool = stack.enter_context(Spool(plan.index_dir.parent))
        report = stack.enter_context(QuarantineReport(plan.quarantine_dir, plan.sources))
        run = _Run(plan, embedder, writer, spool, report, progress or NoProgress())
        run.read(Deidentifier(plan.policy, detector))
        run.write()
        live = writer.previous.number if writer.previous else 0
        run.outcome.generation = writer.publish()
        run.outcome.published = run.outcome.generation != live
    outcome = run.outcome
    outcome.seconds = time.monotonic() - began
    outcome.report = report.path if report.written else None
    log.info(
        "ingested",
        extra={
            "generation": outcome.generation,
            "added": outcome.added,
            "changed": outcome.changed,
            "removed": outcome.removed,
            "quarantined": outcome.quarantined,
        },
    )
    return outcome


class _Run:
    def __init__(
        self,
        plan: IngestPlan,
        embedder: Embedder,
        writer: IndexWriter,
        spool: Spool,
        report: QuarantineReport,
        progress: Progress,
    ) -> None:
        self.outcome = Outcome()
        self._plan = plan
        self._embedder = embedder
        self._writer = writer
        self._previous = writer.previous
        self._spool = spool
        self._report = report
        self._progress = progress
        self._sources = frozenset(plan.sources)
        self._rows: Counter[str] = Counter()
        self._bad: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()
        self.outcome.rejected = report.counts
        if self._previous is not None:
            self.outcome.index_notes = self._previous.manifest.counts.notes

    def read(self, deidentifier: Deidentifier) -> None:
        """Spool every row, or fail where a source is not fit to be published."""
        self.outcome.identifiers = deidentifier.counts
        incomplete: set[str] = set()
        for item in self._plan.inputs:
            unreadable = 0
            for number, row in enumerate(READERS[item.format](item.files, self._plan.max_note_chars), 1):
                self._take(item.name, f"{item.name}: row {number}", row, deidentifier)
                unreadable += isinstance(row, Rejected) and row.reason is Reason.UNREADABLE_FILE
                self._progress.update("reading", self.outcome.rows)
            if unreadable >= len(item.files):
                message = f"{item.files[0]} cannot be read to its end; nothing was published{self._see()}"
                raise RunFailed(message, self.outcome)
            if unreadable:
                incomplete.add(item.name)
        self.outcome.incomplete = tuple(sorted(incomplete))
        self._refuse_bad_sources()
        self._spool.finish()

    def write(self) -> None:
        """Put every patient that changed, and remove those of whom nothing is left."""
        spec = self._embedder.spec
        with WindowedEmbedder(self._embedder.embed, spec.dimension) as windows:
            for change in self._changes():
                for ready in windows.add(self._prepare(change)):
                    self._put(*ready)
            for ready in windows.finish():
                self._put(*ready)
        self._refuse_bad_sources()
        self.outcome.index_notes += self.outcome.added - self.outcome.removed

    def _take(self, source: str, where: str, row: Note | Rejected, deidentifier: Deidentifier) -> None:
        self.outcome.rows += 1
        self._rows[source] += 1
        if isinstance(row, Note):
            row = self._keep(source, where, row, deidentifier) or row
        if isinstance(row, Rejected):
            self._reject(source, row)
            self._spool.set_aside(row, source)
        else:
            self._kept[source] += 1

    def _keep(self, source: str, where: str, note: Note, deidentifier: Deidentifier) -> Rejected | None:
        stored = deidentifier.apply(note)
        if stored is None:
            return Rejected(Reason.IDENTIFIERS, where, note.note_id, note.patient_id)
        refused = claim(stored, self._previous, self._sources)
        if refused is None:
            added = self._spool.add(stored, source)
            if added == "new":
                return None
            refused = Reason.DUPLICATE if added == "same" else Reason.DUPLICATE_ID
        return Rejected(refused, where, note.note_id, note.patient_id)

    def _reject(self, source: str, row: Rejected) -> None:
        self._report.add(source, row)
        self._bad[source] += row.reason.bad

    def _refuse_bad_sources(self) -> None:
        for source in self._plan.sources:
            rows, bad = self._rows[source], self._bad[source]
            if bad > self._plan.max_bad_share * rows:
                raise RunFailed(
                    f"{bad:,} of {rows:,} rows of source {source!r} are bad, more than the share of "
                    f"{self._plan.max_bad_share:g} that ANAMNESIS_INGEST__MAX_BAD_SHARE allows; nothing was "
                    f"published{self._see()}",
                    self.outcome,
                )
            if not self._kept[source] and not self._plan.allow_empty:
                raise RunFailed(
                    f"source {source!r} holds no note that can be kept; --allow-empty removes the notes it has in the "
                    f"index; nothing was published{self._see()}",
                    self.outcome,
                )

    def _see(self) -> str:
        return f"; see {self._report.path}" if self._report.written else ""

    def _changes(self) -> Iterator[ChartChange]:
        patients = set(self._spool.patients())
        if self._previous is not None:
            patients.update(self._previous.patient_ids())
        done = 0
        for patient_id in sorted(patients):
            incoming = self._spool.notes_of(patient_id)
            chart = self._previous.chart(patient_id) if self._previous and self._previous.has(patient_id) else None
            change = compare(
                patient_id,
                incoming,
                self._spool.set_aside_of(patient_id),
                chart,
                sources=self._sources,
                incomplete=self.outcome.incomplete,
            )
            self.outcome.unchanged += len(change.unchanged)
            self.outcome.removed += len(change.removed)
            if change.any:
                yield change
            done += len(incoming)
            self._progress.update("writing", done, self._spool.notes)

    def _prepare(self, change: ChartChange) -> PreparedChart:
        notes: list[ProcessedNote] = []
        vectors: dict[str, Vectors] = {}
        metadata: dict[str, str] = {}
        if self._previous is not None and change.kept:
            chart = self._previous.chart(change.patient_id)
            notes = [item for item in chart.processed() if item.note.note_id in change.kept]
            vectors = {note_id: v for note_id, v in chart.chunk_vectors().items() if note_id in change.kept}
            metadata = {note_id: m for note_id, m in chart.metadata().items() if note_id in change.kept}
        failed: list[SkippedNote] = []
        for items, name in ((change.added, "added"), (change.changed, "changed")):
            for item in items:
                processed = self._process(item)
                if processed is None:
                    failed.append(SkippedNote(item.note.note_id, Reason.UNPROCESSABLE.value, item.source))
                    self.outcome.removed += name == "changed"
                    continue
                notes.append(processed)
                setattr(self.outcome, name, getattr(self.outcome, name) + 1)
        return PreparedChart(replace(change, skipped=(*change.skipped, *failed)), tuple(notes), vectors, metadata)

    def _process(self, item: SpooledNote) -> ProcessedNote | None:
        try:
            return process(item, count_tokens=self._embedder.count_tokens, chunk_tokens=self._plan.chunk_tokens)
        except Exception as e:
            # One note that the rules trip over must not stop a night's run; it is counted like any other bad row.
            log.warning("note could not be processed", extra=traits_of(e))
            note = item.note
            self._reject(item.source, Rejected(Reason.UNPROCESSABLE, "segmentation", note.note_id, note.patient_id))
            return None

    def _put(self, chart: PreparedChart, vectors: Vectors) -> None:
        change = chart.change
        self.outcome.patients += 1
        if not chart.notes and not change.skipped:
            self._writer.remove_patient(change.patient_id)
            return
        self.outcome.chunks += len(vectors)
        self.outcome.embedded += len(vectors) - sum(map(len, chart.vectors.values()))
        self._writer.put_patient(
            change.patient_id,
            chart.notes,
            vectors,
            quarantined=quarantined(change.skipped),
            skipped=change.skipped,
            metadata=chart.metadata,
        )


def name_inputs(inputs: Sequence[SourceInput], name: str | None) -> tuple[SourceInput, ...]:
    """Give all inputs one source name, or see to it that each has one of its own.

    Raises:
        IngestFailed: two inputs would share a name by accident: each would be half of a snapshot.
    """
    if name is not None:
        return tuple(replace(item, name=name) for item in inputs)
    names = Counter(item.name for item in inputs)
    shared = [n for n, count in names.items() if count > 1]
    if shared:
        raise IngestFailed(
            f"two inputs would both be source {shared[0]!r}; join them with --source NAME, or rename one"
        )
    return tuple(inputs)
