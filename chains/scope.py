"""Which notes of the chart a request may rest on."""

from dataclasses import dataclass
from functools import cached_property

from core.records import NoteHeader, SkippedNote, SummaryRequest
from vectorstore.chart import Chart

DISCHARGE = "discharge summary"


@dataclass(frozen=True)
class Scope:
    """The notes considered, oldest first, and those left out with the reason."""

    headers: tuple[NoteHeader, ...]
    skipped: tuple[SkippedNote, ...]

    @cached_property
    def note_ids(self) -> frozenset[str]:
        """Ids of the notes considered."""
        return frozenset(h.note_id for h in self.headers)

    @cached_property
    def latest(self) -> str | None:
        """When the newest dated note was charted."""
        return max((h.charted_at for h in self.headers if h.charted_at), default=None)


def scope_of(request: SummaryRequest, chart: Chart) -> Scope:
    """Apply the time window and the note types of a request. Undated notes fall outside any window."""
    wanted = {name.casefold() for name in request.note_types}
    kept: list[NoteHeader] = []
    skipped: list[SkippedNote] = list(chart.skipped)
    for header in chart.headers:
        reason = _reason_to_skip(header, request, wanted)
        if reason:
            skipped.append(SkippedNote(header.note_id, reason))
        else:
            kept.append(header)
    return Scope(tuple(kept), tuple(skipped))


def latest_stay(scope: Scope) -> Scope:
    """The notes of the last stay in hospital that has a discharge summary; none where there is no such stay.

    A stay is the summary's encounter, or the summary alone where its source names no encounter.
    """
    summary = next((h for h in reversed(scope.headers) if DISCHARGE in h.note_type.casefold()), None)
    if summary is None:
        return Scope((), ())
    if summary.encounter_id is None:
        return Scope((summary,), ())
    return Scope(tuple(h for h in scope.headers if h.encounter_id == summary.encounter_id), ())


def _reason_to_skip(header: NoteHeader, request: SummaryRequest, wanted: set[str]) -> str | None:
    if wanted and header.note_type.casefold() not in wanted:
        return "note_type"
    if request.since or request.until:
        if header.charted_at is None:
            return "undated"
        if request.since and not _at_or_after(header.charted_at, request.since):
            return "before_window"
        if request.until and not _at_or_after(request.until, header.charted_at):
            return "after_window"
    return None


def _at_or_after(left: str, right: str) -> bool:
    """Compare ISO times of differing precision by the precision of the coarser: a date takes in its whole day."""
    length = min(len(left), len(right), 19)
    return left[:length] >= right[:length]
