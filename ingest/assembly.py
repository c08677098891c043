"""Charts from what lies in the live generation and in the staging."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from ingest.comparison import ChartChange, compare, quarantined
from ingest.outcome import Outcome
from ingest.progress import Progress
from ingest.spool import Spool, SpooledCounts
from vectorstore.generation import PatientRow
from vectorstore.staging import Staging
from vectorstore.stored_note import StoredNote
from vectorstore.writer import IndexWriter

_PAGE = 1000


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
        outcome = self._outcome
        total = self._live.manifest.counts.patients if self._live else 0
        for number, (spooled, live_notes) in enumerate(self._patients(), 1):
            if self._untouched(spooled, live_notes):
                self.live_notes.update(spooled.live)
                outcome.unchanged += live_notes
            else:
                self._find_changes(spooled.patient_id)
            self._progress.update("comparing", number, max(number, total))

    def write(self) -> None:
        """Put every patient that changed, and remove those of whom nothing is left."""
        for number, patient_id in enumerate(self._spool.touched_patients(), 1):
            self._put(self._change(patient_id))
            self._progress.update("writing", number, self._spool.touched)

    def _untouched(self, spooled: SpooledCounts, live_notes: int) -> bool:
        """Whether the run has just what the live generation has of a patient: ids are unique, so counts tell."""
        if self._live is None or spooled.others or live_notes != sum(spooled.live.values()):
            return False
        return not self._live.coverage(spooled.patient_id)

    def _find_changes(self, patient_id: str) -> None:
        change = self._change(patient_id)
        self.live_notes.update(change.live_sources)
        self._outcome.added += len(change.added)
        self._outcome.changed += len(change.changed)
        self._outcome.unchanged += len(change.unchanged)
        self._outcome.removed += len(change.removed)
        if change.any:
            self._spool.touch(patient_id)

    def _change(self, patient_id: str) -> ChartChange:
        return compare(
            self._spool.chart(patient_id),
            self._live.note_states(patient_id) if self._live else {},
            self._live.coverage(patient_id) if self._live else (),
            sources=self._sources,
            incomplete=self._outcome.incomplete,
            in_run=self._spool.has,
        )

    def _patients(self) -> Iterator[tuple[SpooledCounts, int]]:
        """Every patient of the run or of the index, in order of id, with the number of their live notes."""
        live = self._live_patients()
        waiting = next(live, None)
        for spooled in self._spool.patients():
            while waiting is not None and waiting.patient_id < spooled.patient_id:
                yield SpooledCounts(waiting.patient_id, {}), waiting.notes
                waiting = next(live, None)
            if waiting is not None and waiting.patient_id == spooled.patient_id:
                yield spooled, waiting.notes
                waiting = next(live, None)
            else:
                yield spooled, 0
        while waiting is not None:
            yield SpooledCounts(waiting.patient_id, {}), waiting.notes
            waiting = next(live, None)

    def _live_patients(self) -> Iterator[PatientRow]:
        cursor: str | None = None
        while self._live is not None:
            page = self._live.patients(limit=_PAGE, cursor=cursor)
            yield from page.patients
            cursor = page.next
            if cursor is None:
                return

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
