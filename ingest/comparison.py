"""What a run changes in one patient's chart.

A run is a snapshot of its sources: notes of theirs that are no longer there go, those of other sources stay.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.records import Note, SkippedNote
from ingest.sources import Reason, Rejected
from ingest.spool import SpooledNote
from vectorstore.chart import Chart
from vectorstore.generation import Generation


@dataclass(frozen=True, slots=True)
class ChartChange:
    """One patient: the notes that must be processed, and the ids of those that stay as they are.

    `unchanged` are the run's own, `carried` those of other sources (or of an input that could not be read whole).
    """

    patient_id: str
    added: tuple[SpooledNote, ...]
    changed: tuple[SpooledNote, ...]
    unchanged: frozenset[str]
    carried: frozenset[str]
    removed: frozenset[str]
    skipped: tuple[SkippedNote, ...]
    skipped_before: tuple[SkippedNote, ...]

    @property
    def any(self) -> bool:
        """True where the chart must be written anew."""
        coverage = sorted(self.skipped, key=_key) != sorted(self.skipped_before, key=_key)
        return bool(self.added or self.changed or self.removed or coverage)

    @property
    def fresh(self) -> tuple[SpooledNote, ...]:
        """The notes to process."""
        return self.added + self.changed

    @property
    def kept(self) -> frozenset[str]:
        """The notes that are copied from the live generation."""
        return self.unchanged | self.carried


def _key(note: SkippedNote) -> tuple[str, str, str]:
    return note.source, note.note_id, note.reason


def compare(
    patient_id: str,
    incoming: Sequence[SpooledNote],
    set_aside: Sequence[tuple[str, Rejected]],
    chart: Chart | None,
    *,
    sources: Collection[str],
    incomplete: Collection[str],
) -> ChartChange:
    """Compare a patient's rows of a run with the chart as it is. `sources` are the run's."""
    before = chart.note_digests() if chart else {}
    owners = chart.note_sources() if chart else {}
    ids = {item.note.note_id for item in incoming}
    gone = {note_id for note_id, source in owners.items() if source in sources and note_id not in ids}
    held_back = {note_id for note_id in gone if owners[note_id] in incomplete}
    others = {note_id for note_id, source in owners.items() if source not in sources}
    skipped_before = chart.skipped if chart else ()
    return ChartChange(
        patient_id,
        added=tuple(item for item in incoming if item.note.note_id not in before),
        changed=tuple(item for item in incoming if before.get(item.note.note_id, item.digest) != item.digest),
        unchanged=frozenset(item.note.note_id for item in incoming if before.get(item.note.note_id) == item.digest),
        carried=frozenset(others | held_back),
        removed=frozenset(gone - held_back),
        skipped=(
            *(note for note in skipped_before if note.source not in sources),
            *(SkippedNote(row.note_id or row.where, row.reason.value, source) for source, row in set_aside),
        ),
        skipped_before=skipped_before,
    )


def quarantined(skipped: Sequence[SkippedNote]) -> int:
    """How many of the rows were set aside against the source's intent."""
    return sum(1 for note in skipped if Reason(note.reason).quarantined)


def claim(note: Note, previous: Generation | None, sources: Collection[str]) -> Reason | None:
    """Why a note cannot have its id: another source's note has it already. None where it can.

    A note id is unique in an index; the source that brought it first keeps it, until it drops the note.
    """
    owner = previous.patient_of(note.note_id) if previous else None
    if previous is None or owner is None:
        return None
    chart = previous.chart(owner)
    if chart.note_sources()[note.note_id] in sources:
        return None
    return Reason.DUPLICATE if chart.note(note.note_id) == note else Reason.DUPLICATE_ID
