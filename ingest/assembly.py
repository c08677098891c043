"""Charts from what lies in the live generation and in the staging."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from ingest.comparison import ChartChange, compare, quarantined
from ingest.outcome import Outcome
from ingest.progress import Progress
from ingest.spool import Spool, SpooledChart
from vectorstore.staging import Staging
from vectorstore.stored_note import StoredNote
from vectorstore.writer import IndexWriter


class Assembly:
    """Compares each patient's rows with the live chart, and writes the charts that changed.

    `sources` are those of the run; the notes of others are carried over.
    """

    def __init__(
        self,
        writer: IndexWriter,
        staging: Staging,
        spool: Spool,
        sources: frozenset[str],
        outcome: Outcome,
        progress: Progress,
    ) -> None:
        self.live_notes: Counter[str] = Counter()
        self._writer = writer
        self._live = writer.previous
        self._staging = staging
        self._spool = spool
        self._sources = sources
        self._outcome = outcome
        self._progress = progress

    def compare(self) -> None:
        """Find the patients to be written, and count what changes. `live_notes` then has each source's live notes."""
        total = self._live.manifest.counts.patients if self._live else 0
        for number, chart in enumerate(self._charts(), 1):
            change = self._change(chart, count=True)
            self._outcome.added += len(change.added)
            self._outcome.changed += len(change.changed)
            self._outcome.unchanged += len(change.unchanged)
            self._outcome.removed += len(change.removed)
            if change.any:
                self._spool.touch(chart.patient_id)
            self._progress.update("comparing", number, max(number, total))
        self._outcome.index_notes += self._outcome.added - self._outcome.removed

    def write(self) -> None:
        """Put every patient that changed, and remove those of whom nothing is left."""
        for number, patient_id in enumerate(self._spool.touched_patients(), 1):
            self._put(self._change(self._spool.chart(patient_id)))
            self._progress.update("writing", number, self._spool.touched)

    def _charts(self) -> Iterator[SpooledChart]:
        """Every patient of the run or of the index, in order of id."""
        live = self._live.patient_ids() if self._live else iter(())
        waiting = next(live, None)
        for chart in self._spool.charts():
            while waiting is not None and waiting < chart.patient_id:
                yield SpooledChart(waiting)
                waiting = next(live, None)
            if waiting == chart.patient_id:
                waiting = next(live, None)
            yield chart
        while waiting is not None:
            yield SpooledChart(waiting)
            waiting = next(live, None)

    def _change(self, chart: SpooledChart, *, count: bool = False) -> ChartChange:
        states = self._live.note_states(chart.patient_id) if self._live else {}
        if count:
            self.live_notes.update(state.source for state in states.values())
        return compare(
            chart,
            states,
            self._live.coverage(chart.patient_id) if self._live else (),
            sources=self._sources,
            incomplete=self._outcome.incomplete,
            in_run=self._spool.has,
        )

    def _put(self, change: ChartChange) -> None:
        self._outcome.patients += 1
        notes = self._notes(change)
        if not notes and not change.skipped:
            self._writer.remove_patient(change.patient_id)
            return
        self._outcome.chunks += sum(len(note.chunks) for note in notes)
        self._writer.put_chart(
            change.patient_id, notes, quarantined=quarantined(change.skipped), skipped=change.skipped
        )

    def _notes(self, change: ChartChange) -> list[StoredNote]:
        notes = [self._staging.get(note.mark) for note in change.fresh]
        if self._live is not None and change.kept:
            kept = self._live.stored_notes(change.patient_id, change.kept)
            notes += [
                replace(note, row_digest=change.renamed[note.header.note_id])
                if note.header.note_id in change.renamed
                else note
                for note in kept
            ]
        return notes
