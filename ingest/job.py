"""The ingest job: what needs no work is told apart, the rest is worked on, charts are assembled and published."""

import logging
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from core.errors import AnamnesisError
from core.telemetry import traits_of
from ingest.assembly import Assembly
from ingest.deidentify import Detector
from ingest.embedding import Embedder
from ingest.engines import Engine
from ingest.engines.local import LocalEngine
from ingest.fingerprints import Fingerprints
from ingest.intake import Intake
from ingest.limits import Limits, Tally
from ingest.outcome import Outcome
from ingest.plan import IngestPlan, name_inputs
from ingest.processing import chunking_spec
from ingest.progress import NoProgress, Progress
from ingest.quarantine import QuarantineReport, clear_unfinished
from ingest.screening import Screening
from ingest.spool import Spool, clear_spools
from ingest.work import Worker
from vectorstore.disk_errors import disk_errors, live_number
from vectorstore.layout import Layout
from vectorstore.row_key import read_row_key
from vectorstore.staging import Staging
from vectorstore.writer import IndexWriter

__all__ = ["Embedder", "IngestPlan", "name_inputs", "run_ingest"]

log = logging.getLogger(__name__)


def run_ingest(
    plan: IngestPlan,
    *,
    embedder: Embedder,
    detector: Detector,
    engine: Engine | None = None,
    progress: Progress | None = None,
    outcome: Outcome | None = None,
) -> Outcome:
    """Bring the index to the state of the plan's sources.

    The work is done by `engine`, in this process where there is none. `outcome` is filled as the run goes on, so that
    its caller has it whatever happens.

    Raises:
        IngestFailed: too many rows are bad, a source cannot be read, holds nothing or much less than before, or another
            writer is at work, or the disk is full. What was finished is taken over by the next run.
        IndexMismatch: the index was built with another model, chunking or version; nothing was published.
    """
    began = time.monotonic()
    outcome = Outcome() if outcome is None else outcome
    before = live_number(plan.index_dir)
    try:
        with disk_errors(plan.index_dir, live=before):
            _Run(plan, embedder, detector, engine, progress or NoProgress(), outcome).run()
        outcome.finished = True
    finally:
        outcome.seconds = time.monotonic() - began
        live = live_number(plan.index_dir)
        if live is not None and live != before and not outcome.published:
            # What ended the run came after the pointer had moved.
            outcome.generation, outcome.published = live, True
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


@dataclass
class _Run:
    plan: IngestPlan
    embedder: Embedder
    detector: Detector
    engine: Engine | None
    progress: Progress
    outcome: Outcome

    def run(self) -> None:
        plan, outcome = self.plan, self.outcome
        layout = Layout(plan.index_dir)
        chunking = chunking_spec(plan.chunk_tokens, facts=plan.facts)
        with IndexWriter(
            plan.index_dir, embedding=self.embedder.spec, chunking=chunking, keep=plan.keep, rebuild=plan.rebuild
        ) as writer:
            if writer.previous is not None:
                outcome.generation = writer.previous.number
                outcome.index_notes = writer.previous.manifest.counts.notes
            # Here, since a run that finds nothing changed makes neither.
            clear_spools(plan.index_dir)
            clear_unfinished(plan.quarantine_dir)
            key = read_row_key(layout)
            files = Fingerprints(plan, row_key=key, detector=self.detector.version)
            unread = files.unchanged() if plan.skip_unchanged and writer.previous else {}
            outcome.not_read, outcome.unchanged = tuple(unread), sum(unread.values())
            self.plan = plan.without(unread)
            with Staging(layout.staging, embedding=self.embedder.spec, chunking=chunking) as staging:
                tallies = self._refresh(writer, staging, key) if self.plan.inputs else {}
                self._publish(writer)
                self._tidy(writer, staging, partial(files.keep, tallies, published=outcome.published))

    def _refresh(self, writer: IndexWriter, staging: Staging, key: bytes) -> Mapping[str, Tally]:
        """Write what changed of the plan's sources. Returns what each of them held."""
        plan, outcome, progress = self.plan, self.outcome, self.progress
        with Spool(plan.index_dir) as spool, QuarantineReport(plan.quarantine_dir, plan.sources) as report:
            limits = Limits(plan, report)
            screening = Screening(plan, writer.previous, key=key, detector=self.detector)
            intake = Intake(plan, screening, spool, staging, limits, report, outcome, progress)
            engine = self.engine or LocalEngine(Worker.of(plan, self.embedder, self.detector, writer.previous))
            with closing(engine.run(intake.rows())) as results:
                for worked in results:
                    intake.take(worked)
            limits.check_rows(intake.tallies)

            assembly = Assembly(writer, staging, spool, frozenset(plan.sources), outcome, progress)
            assembly.compare()
            limits.check_shrinkage(intake.tallies, assembly.live_notes)
            assembly.write()
        outcome.report = report.path if report.written else None
        return intake.tallies

    def _publish(self, writer: IndexWriter) -> None:
        generation = writer.publish()
        outcome = self.outcome
        outcome.published = generation != outcome.generation
        outcome.generation = generation
        if outcome.published:
            outcome.index_notes += outcome.added - outcome.removed

    def _tidy(self, writer: IndexWriter, staging: Staging, keep_fingerprints: Callable[[], None]) -> None:
        """Free what the run no longer needs. What fails here can wait for the next run: the index is published."""

        def compact() -> None:
            self.outcome.compacted = writer.compact()

        # Fingerprints name the live generation: once for the charts, and once more should these be compacted.
        for step in (keep_fingerprints, staging.discard, compact, keep_fingerprints):
            try:
                step()
            except (AnamnesisError, OSError, sqlite3.Error) as e:
                log.warning("the index was published but not tidied up", extra=traits_of(e))
