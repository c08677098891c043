"""Compaction: which segments are worth merging, and copying what they hold into new ones."""

from collections.abc import Iterable, Mapping

from vectorstore.digests import chart_digest
from vectorstore.generation_draft import GenerationDraft
from vectorstore.manifest import SegmentEntry
from vectorstore.segment import Segment
from vectorstore.segment_builder import PatientRecord

MOST_SMALL = 8
# A segment joins the smaller ones that are merged while it is at most this many times as large as they are together.
_RATIO = 2


def worth_merging(entries: Iterable[SegmentEntry], segment_chunks: int, *, most: int = MOST_SMALL) -> set[str]:
    """Names of the segments to write anew: those mostly dead, and the smallest where there are too many small ones.

    A segment is small below half of `segment_chunks` live vectors; the others number at most twice what the live
    vectors fill. Merging the smallest, and larger ones only while these are no more than twice what was gathered,
    writes a vector a logarithmic number of times over the life of an index (as size-tiered merging does: Jagadish et
    al., VLDB 1997).
    """
    entries = tuple(entries)
    chosen = {entry.name for entry in entries if _mostly_dead(entry)}
    gathered = sum(entry.live_vectors for entry in entries if entry.name in chosen)
    small = sorted(
        (entry.live_vectors, entry.name)
        for entry in entries
        if entry.name not in chosen and 2 * entry.live_vectors < segment_chunks
    )
    if len(small) + bool(chosen) > most:
        for vectors, name in small:
            if len(chosen) >= 2 and vectors > _RATIO * gathered:
                break
            chosen.add(name)
            gathered += vectors
    return chosen


def merge(segments: Mapping[str, Segment], draft: GenerationDraft) -> None:
    """Write the live patients of these segments into new ones, in order of id."""
    for place in draft.directory.places(segments):
        draft.put(record_at(segments[place.segment], place.patient_key))


def record_at(segment: Segment, patient_key: int) -> PatientRecord:
    """A patient as they were handed to their segment.

    Raises:
        IndexMismatch: the segment does not hold what was written.
    """
    patient = segment.patient(patient_key)
    notes = segment.stored_notes(patient)
    if chart_digest((note.digest for note in notes), patient.quarantined, patient.skipped) != patient.digest:
        raise segment.changed()
    return PatientRecord(patient.patient_id, tuple(notes), patient.quarantined, patient.skipped)


def _mostly_dead(entry: SegmentEntry) -> bool:
    return 2 * entry.live_vectors < entry.vectors or 2 * entry.live_patients < entry.patients
