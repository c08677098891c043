"""What a run takes in: rows as they are read, and what became of those that needed work."""

import time
from collections.abc import Iterator

from core.records import Note
from ingest.limits import Limits, Tally
from ingest.outcome import Outcome
from ingest.plan import IngestPlan
from ingest.progress import Progress
from ingest.quarantine import QuarantineReport
from ingest.screening import RowDigest, Screening
from ingest.sources import READERS, Reason, Rejected, SourceInput
from ingest.spool import Contender, Spool, SpooledNote, State
from ingest.work import Row, Worked
from vectorstore.generation import NotePlace
from vectorstore.staging import Staging

CHECKPOINT_S = 5.0
"""Seconds of work that a killed run can lose, and what is under way in the engine."""


class Intake:
    """Screens the rows of a plan's inputs and keeps what the work on them gave."""

    def __init__(
        self,
        plan: IngestPlan,
        screening: Screening,
        spool: Spool,
        staging: Staging,
        limits: Limits,
        report: QuarantineReport,
        outcome: Outcome,
        progress: Progress,
    ) -> None:
        self.tallies = {source: Tally() for source in plan.sources}
        self._plan = plan
        self._screening = screening
        self._spool = spool
        self._staging = staging
        self._limits = limits
        self._report = report
        self._outcome = outcome
        self._progress = progress
        self._saved_at = time.monotonic()
        outcome.rejected = report.counts

    def rows(self) -> Iterator[Row]:
        """Read all inputs; the rows that come out need work."""
        for index, item in enumerate(self._plan.inputs):
            unreadable, why = 0, ""
            for number, row in self._read(item, "reading"):
                self._outcome.rows += 1
                if isinstance(row, Rejected) and row.reason is Reason.UNREADABLE_FILE:
                    unreadable, why = unreadable + 1, row.where
                needing_work = self._screened(index, item.name, number, row)
                if needing_work is not None:
                    yield needing_work
            if unreadable >= len(item.files):
                raise self._limits.unreadable(item.files[0], why)
            self.tallies[item.name].incomplete |= unreadable > 0
        yield from self._contended()
        self._outcome.incomplete = tuple(sorted(name for name, tally in self.tallies.items() if tally.incomplete))

    def take(self, worked: Worked) -> None:
        """Keep what became of a row; every few seconds what was kept so far becomes durable."""
        outcome, stored = self._outcome, worked.stored
        outcome.identifiers.update(worked.identifiers)
        if worked.refused is not None:
            self._reject(worked.source, Rejected(worked.refused, worked.where, worked.note_id, worked.patient_id))
            return
        self.tallies[worked.source].kept += 1
        if stored is None:
            self._spool.settle(worked.note_id, State.RENAMED, worked.row_digest)
            return
        self._staging.add(stored)
        self._spool.settle(worked.note_id, State.STAGED, stored.digest)
        outcome.worked += 1
        outcome.chunks_worked += len(stored.chunks)
        outcome.embedded += worked.embedded
        outcome.reused += worked.reused
        if time.monotonic() - self._saved_at >= CHECKPOINT_S:
            self._staging.commit()
            self._saved_at = time.monotonic()

    def _read(self, item: SourceInput, doing: str) -> Iterator[tuple[int, Note | Rejected]]:
        opener = item.counting_opener()
        for number, row in enumerate(READERS[item.format](item.files, self._plan.max_note_chars, opener), 1):
            self._progress.update(f"{doing} {item.name}", number, share=opener.done / (opener.total or 1))
            yield number, row

    def _contended(self) -> Iterator[Row]:
        """Decide on the rows that wanted the id of another source's live note, now that it is known who brings it.

        Where that source let go of the id, these rows come in. They are read once more: no text was kept of them.
        """
        incomplete = [source for source, tally in self.tallies.items() if tally.incomplete]
        for contender in self._spool.losers(incomplete):
            self._refuse(contender)
        for index in self._spool.inputs_contending():
            item = self._plan.inputs[index]
            for number, row in self._read(item, "reading again"):
                if isinstance(row, Note) and self._spool.lets_in(index, number, row.note_id):
                    digest, place = self._screening.digest(row, item.name), self._screening.live(row)
                    needing_work = self._claimed(item.name, _where(item.name, number), row, digest, place)
                    if needing_work is not None:
                        yield needing_work
        # What is still there was not found again: a file was replaced meanwhile. The next run reads it.
        for contender in self._spool.contenders():
            self.tallies[contender.source].incomplete = True
            self._refuse(contender)

    def _screened(self, index: int, source: str, number: int, row: Note | Rejected) -> Row | None:
        tally, where = self.tallies[source], _where(source, number)
        if self._screening.erased(row.patient_id):
            # Whatever else is wrong with it: of an erased patient nothing may be written down.
            self._report.add(source, Rejected(Reason.ERASED, where))
            tally.erased += 1
            return None
        tally.rows += 1
        if isinstance(row, Rejected):
            self._reject(source, row)
            return None
        digest = self._screening.digest(row, source)
        place = self._screening.live(row)
        if place is None or place.source == source:
            return self._claimed(source, where, row, digest, place)
        # Whether the live note's source still brings it may be known at the end only: the order must not decide.
        contender = Contender(
            row.note_id, row.patient_id, source, place.source, where, self._screening.repeats(row, place)
        )
        tally.contested = True
        if place.source in self.tallies:
            self.tallies[place.source].contested = True
            self._spool.contend(index, number, contender, digest.content)
        else:
            self._refuse(contender)
        return None

    def _claimed(self, source: str, where: str, row: Note, digest: RowDigest, place: NotePlace | None) -> Row | None:
        spooled = self._known(row.note_id, source, digest.row, place)
        holder = self._spool.claim(spooled, row.patient_id, digest.content)
        if holder is not None:
            if holder.source != source:
                # Both: were the holder left unread, and its row set aside, this one would come in.
                self.tallies[source].contested = self.tallies[holder.source].contested = True
            self._refuse(Contender(row.note_id, row.patient_id, source, holder.source, where, holder.same))
            return None
        if spooled.state is State.PENDING:
            at = (place.patient_id, place.digest) if place else (None, None)
            return Row(row, source, where, digest.row, *at)
        self.tallies[source].kept += 1
        self._outcome.taken_over += spooled.state is State.STAGED
        return None

    def _known(self, note_id: str, source: str, row_digest: str, place: NotePlace | None) -> SpooledNote:
        if place is not None and place.row_digest == row_digest:
            return SpooledNote(note_id, source, State.LIVE)
        staged = self._staging.digest_of(row_digest) if self._staging.notes else None
        if staged is not None:
            return SpooledNote(note_id, source, State.STAGED, staged)
        return SpooledNote(note_id, source, State.PENDING)

    def _refuse(self, row: Contender) -> None:
        reason = Reason.DUPLICATE if row.same else Reason.DUPLICATE_ID
        self._reject(row.source, Rejected(reason, row.where, row.note_id, row.patient_id))

    def _reject(self, source: str, row: Rejected) -> None:
        self._report.add(source, row)
        self._spool.set_aside(row, source)
        self.tallies[source].bad += row.reason.bad
        self.tallies[source].unprocessable |= row.reason is Reason.UNPROCESSABLE


def _where(source: str, number: int) -> str:
    return f"{source}: row {number}"
