"""What a run changes in one patient's chart.

A run is a snapshot of its sources: notes of theirs that are no longer there go, those of other sources stay.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from core.records import SkippedNote
from ingest.sources import Reason
from ingest.spool import SpooledChart, SpooledNote, State
from vectorstore.segment import NoteState


@dataclass(frozen=True, slots=True)
class ChartChange:
    """One patient: the notes that come from the staging, and the ids of those that stay as they are.

    `unchanged` are the run's own, `renamed` those of them that get another row digest; `carried` those of other sources
    (or of an input that could not be read whole). `live_sources` has the source of each note as the chart was.
    """

    patient_id: str
    added: tuple[SpooledNote, ...]
    changed: tuple[SpooledNote, ...]
    unchanged: frozenset[str]
    renamed: Mapping[str, str]
    carried: frozenset[str]
    removed: frozenset[str]
    skipped: tuple[SkippedNote, ...]
    skipped_before: tuple[SkippedNote, ...]
    live_sources: tuple[str, ...]

    @property
    def any(self) -> bool:
        """True where the chart must be written anew."""
        coverage = sorted(self.skipped, key=_key) != sorted(self.skipped_before, key=_key)
        return bool(self.added or self.changed or self.removed or self.renamed or coverage)

    @property
    def fresh(self) -> tuple[SpooledNote, ...]:
        """The notes that come from the staging."""
        return self.added + self.changed

    @property
    def kept(self) -> frozenset[str]:
        """The notes that are copied from the live generation."""
        return self.unchanged | self.carried


def _key(note: SkippedNote) -> tuple[str, str, str]:
    return note.source, note.note_id, note.reason


def compare(
    run: SpooledChart,
    live: Mapping[str, NoteState],
    skipped_before: tuple[SkippedNote, ...],
    *,
    sources: Collection[str],
    incomplete: Collection[str],
    in_run: Callable[[str], bool],
) -> ChartChange:
    """Compare what a run has of a patient with the chart as it is.

    `sources` are the run's; `incomplete` those of them that were not read whole, which lose no note; `in_run` tells
    whether any row of the run has a note id.
    """
    ids = {note.note_id for note in run.notes}
    gone = {note_id for note_id, state in live.items() if state.source in sources and note_id not in ids}
    # A note that moved to another patient has left this one, whether or not its source was read whole. No other
    # source's row can have the id: intake leaves it to the live note's source.
    held_back = {note_id for note_id in gone if live[note_id].source in incomplete and not in_run(note_id)}
    staged = [note for note in run.notes if note.state is State.STAGED]
    return ChartChange(
        run.patient_id,
        added=tuple(note for note in staged if note.note_id not in live),
        changed=tuple(note for note in staged if note.note_id in live),
        unchanged=frozenset(note.note_id for note in run.notes if note.state is not State.STAGED),
        renamed={note.note_id: note.mark for note in run.notes if note.state is State.RENAMED},
        carried=frozenset({note_id for note_id, state in live.items() if state.source not in sources} | held_back),
        removed=frozenset(gone - held_back),
        skipped=(
            *(note for note in skipped_before if note.source not in sources),
            *(SkippedNote(row.note_id or row.where, row.reason.value, source) for source, row in run.set_aside),
        ),
        skipped_before=skipped_before,
        live_sources=tuple(state.source for state in live.values()),
    )


def quarantined(skipped: Sequence[SkippedNote]) -> int:
    """How many of the rows were set aside against the source's intent."""
    return sum(1 for note in skipped if Reason(note.reason).quarantined)
