"""One published state of the index, as a reader holds it for the length of a request."""

from __future__ import annotations

import base64
import binascii
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from core.errors import InvalidRequest, NoteNotFound, PatientNotFound
from core.records import Note, ProcessedNote, SkippedNote
from vectorstore.chart import Chart, ChartOrigin
from vectorstore.directory import Directory
from vectorstore.manifest import Manifest
from vectorstore.segment import NoteOwner, NoteState, Segment
from vectorstore.stored_note import StoredNote

if TYPE_CHECKING:
    from langchain_core.retrievers import BaseRetriever

# An open chart takes about 11 kB a chunk, with what the chain found out of it: these are some 140 MB.
_OPEN_CHUNKS = 12_288
_OPEN_CHARTS = 256
_LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class PatientRow:
    """A patient in a listing."""

    patient_id: str
    notes: int
    first_charted_at: str | None
    last_charted_at: str | None


@dataclass(frozen=True, slots=True)
class PatientPage:
    """Part of a listing; `next` is the cursor of the part after it, None at the end."""

    patients: tuple[PatientRow, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class NotePlace:
    """Whose note it is, and what a refresh compares it by."""

    patient_id: str
    source: str
    digest: str
    row_digest: str | None


class Generation:
    """A whole index as of one publication. Safe to use from several threads."""

    def __init__(
        self,
        root: Path,
        manifest: Manifest,
        directory: Directory,
        segments: Mapping[str, Segment],
        embeddings: Embeddings,
    ) -> None:
        self.number = manifest.generation
        self.published_at = manifest.published_at
        self.manifest = manifest
        self._directory = directory
        self._segments = segments
        self.origin = ChartOrigin(root, manifest.generation, manifest.embedding.model, embeddings)
        self._charts: OrderedDict[str, Chart] = OrderedDict()
        self._lock = Lock()

    def patients(self, *, query: str = "", limit: int = 50, cursor: str | None = None) -> PatientPage:
        """Patients whose id holds `query`, whatever its case, in order of id.

        Raises:
            InvalidRequest: `limit` is not within 1 to 1000, or `cursor` is none that a page gave.
        """
        if not 1 <= limit <= _LARGEST_PAGE:
            raise InvalidRequest(f"limit is {limit}; it can be 1 to {_LARGEST_PAGE}")
        places = self._directory.page(query, None if cursor is None else _decode(cursor), limit + 1)
        rows = tuple(PatientRow(p.patient_id, p.notes, p.first_charted_at, p.last_charted_at) for p in places[:limit])
        return PatientPage(rows, _encode(rows[-1].patient_id) if len(places) > limit else None)

    def patient_ids(self) -> Iterator[str]:
        """All patients in order of id."""
        return (place.patient_id for place in self._directory.places())

    def has(self, patient_id: str) -> bool:
        """Whether there is such a patient."""
        return self._directory.find(patient_id) is not None

    def chart(self, patient_id: str) -> Chart:
        """The chart of one patient; those asked for last are kept open, up to so many chunks together.

        Raises:
            PatientNotFound: there is no such patient.
        """
        with self._lock:
            chart = self._charts.get(patient_id)
            if chart is not None:
                self._charts.move_to_end(patient_id)
                return chart
        chart = self._open(patient_id)
        with self._lock:
            # Another thread may have opened it meanwhile: its chart stays, so that both share what it loads.
            chart = self._charts.setdefault(patient_id, chart)
            while len(self._charts) > 1 and self._are_too_many():
                self._charts.popitem(last=False)
        return chart

    def retriever_for(self, patient_id: str, *, k: int = 12) -> BaseRetriever:
        """A hybrid retriever over one patient.

        Raises:
            PatientNotFound: there is no such patient.
        """
        return self.chart(patient_id).retriever(k=k)

    def note(self, note_id: str) -> Note:
        """A note by its id.

        Raises:
            NoteNotFound: there is no such note.
        """
        found = self._find_note(note_id)
        if found is None:
            raise NoteNotFound("there is no such note")
        segment, owner = found
        return segment.note(owner.note_key, owner.patient_id)

    def patient_of(self, note_id: str) -> str | None:
        """Whose note this is, or None where there is no such note."""
        found = self._find_note(note_id)
        return found[1].patient_id if found else None

    def note_digests(self, patient_id: str) -> dict[str, str]:
        """For each note id of a patient the digest it was stored with; empty for an unknown patient."""
        return {note_id: state.digest for note_id, state in self.note_states(patient_id).items()}

    def note_states(self, patient_id: str) -> dict[str, NoteState]:
        """For each note id of a patient what a refresh compares it by, in chart order; empty for an unknown patient."""
        place = self._directory.find(patient_id)
        return self._segments[place.segment].note_states(place.patient_key) if place else {}

    def coverage(self, patient_id: str) -> tuple[SkippedNote, ...]:
        """The notes of a patient that ingest set aside; none for an unknown patient."""
        place = self._directory.find(patient_id)
        return self._segments[place.segment].coverage(place.patient_key) if place else ()

    def find(self, note_id: str) -> NotePlace | None:
        """Whose note this is and its state, or None where there is no such note."""
        found = self._find_note(note_id)
        if found is None:
            return None
        _, owner = found
        return NotePlace(owner.patient_id, owner.state.source, owner.state.digest, owner.state.row_digest)

    def stored_notes(self, patient_id: str, note_ids: Collection[str] | None = None) -> list[StoredNote]:
        """A patient's notes, or some of them, as they lie in their segment, in chart order; none for an unknown one."""
        place = self._directory.find(patient_id)
        if place is None:
            return []
        segment = self._segments[place.segment]
        return segment.stored_notes(segment.patient(place.patient_key), note_ids)

    def processed(self, patient_id: str) -> tuple[ProcessedNote, ...]:
        """A patient's notes with all that ingest found in them, in chart order.

        Raises:
            PatientNotFound: there is no such patient.
        """
        return self._open(patient_id).processed()

    def chunk_vectors(self, patient_id: str) -> dict[str, NDArray[np.float32]]:
        """For each note id of a patient the vectors of its chunks, float32 of shape (chunks, dimension).

        Raises:
            PatientNotFound: there is no such patient.
        """
        return self._open(patient_id).chunk_vectors()

    def open_segments(self) -> Mapping[str, Segment]:
        """The segments by name."""
        return self._segments

    def _are_too_many(self) -> bool:
        return len(self._charts) > _OPEN_CHARTS or sum(c.chunk_count for c in self._charts.values()) > _OPEN_CHUNKS

    def _open(self, patient_id: str) -> Chart:
        place = self._directory.find(patient_id)
        if place is None:
            raise PatientNotFound("there is no such patient")
        return Chart(self._segments[place.segment], place.patient_key, self.origin)

    def _find_note(self, note_id: str) -> tuple[Segment, NoteOwner] | None:
        for segment in self._segments.values():
            owner = segment.owner_of(note_id)
            if owner is None:
                continue
            place = self._directory.find(owner.patient_id)
            # An older version of a patient may still lie in a segment; only the one in the directory counts.
            if place is not None and (place.segment, place.patient_key) == (segment.name, owner.patient_key):
                return segment, owner
        return None


def _encode(patient_id: str) -> str:
    return base64.urlsafe_b64encode(patient_id.encode()).decode()


def _decode(cursor: str) -> str:
    try:
        return base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as e:
        raise InvalidRequest("cursor is none that a page of patients gave; leave it out to start over") from e
