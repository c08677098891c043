"""Compaction: which segments are worth merging into one, and merging them."""

from collections.abc import Iterable, Mapping

from vectorstore.directory import DirectoryDraft, Share
from vectorstore.manifest import SegmentEntry
from vectorstore.segment import Segment
from vectorstore.segment_builder import PatientRecord, SegmentBuilder

MOST_SEGMENTS = 8


def worth_merging(
    entries: Iterable[SegmentEntry], shares: Mapping[str, Share], *, most: int = MOST_SEGMENTS
) -> set[str]:
    """Names of the segments to merge into one: those mostly dead, and the smallest where there are too many.

    Halving the number of segments when it passes `most`, smallest first, rewrites a patient a logarithmic number of
    times over the life of an index.
    """
    used = [entry for entry in entries if entry.name in shares]
    chosen = {entry.name for entry in used if _mostly_dead(entry, shares[entry.name])}
    left = sorted((shares[e.name].vectors, e.name) for e in used if e.name not in chosen)
    if len(left) + bool(chosen) > most:
        chosen.update(name for _, name in left[: len(left) - most // 2])
    return chosen


def merge(
    segments: Mapping[str, Segment], chosen: Iterable[str], draft: DirectoryDraft, builder: SegmentBuilder
) -> None:
    """Copy the live patients of the chosen segments into a new one, in order of id, and point the directory there."""
    places = sorted((place for name in chosen for place in draft.places(name)), key=lambda place: place.patient_id)
    for place in places:
        draft.put(builder.add(record_at(segments[place.segment], place.patient_key)))


def record_at(segment: Segment, patient_key: int) -> PatientRecord:
    """A patient as they were handed to their segment."""
    patient = segment.patient(patient_key)
    return PatientRecord(patient.patient_id, tuple(segment.stored_notes(patient)), patient.quarantined, patient.skipped)


def _mostly_dead(entry: SegmentEntry, share: Share) -> bool:
    return 2 * share.vectors < entry.vectors or 2 * share.patients < entry.patients
