"""Which rows need no work, told by a keyed digest of the row as it was read."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from core.records import Note
from ingest.deidentify import Deidentifier, Detector, Policy
from ingest.plan import IngestPlan
from ingest.tombstones import Tombstones
from vectorstore.digests import note_digest
from vectorstore.generation import Generation, NotePlace
from vectorstore.segment import NoteState

_BYTES = 16
_STATES = 100_000
"""Notes of the live generation whose state is remembered, of the patients met last: some 50 MB."""


@dataclass(frozen=True, slots=True)
class RowDigest:
    """`content` stands for the fields of a row, `row` for these under a source's name and the rules of this run."""

    content: bytes
    row: str


class RowDigests:
    """Digests of rows: keyed BLAKE2b (RFC 7693) of 128 bits, which tell nothing to who can guess a row.

    A row's digest covers every field as read, the name of its source, and what decides what is stored of it: the
    policy of de-identification and the version of the detector.
    """

    def __init__(self, key: bytes, *, policy: Policy, detector: Detector) -> None:
        self._key = key
        self._rules = f"{policy}\0{'' if policy == 'trust' else detector.version}\0"

    def of(self, note: Note, source: str) -> RowDigest:
        """The digests of a note as its source gave it."""
        head = "".join(
            "-" if field is None else f"{len(field)}:{field}"
            for field in (note.note_id, note.patient_id, note.encounter_id, note.note_type, note.charted_at)
        )
        content = hashlib.blake2b(head.encode(), digest_size=_BYTES, key=self._key)
        content.update(note.text.encode())
        found = content.digest()
        rules = f"{self._rules}{source}".encode()
        return RowDigest(found, hashlib.blake2b(found + rules, digest_size=_BYTES, key=self._key).hexdigest())


class LiveNotes:
    """What the live generation has of a note. Of the patients met last it is remembered: most sources are sorted."""

    def __init__(self, generation: Generation | None) -> None:
        self._generation = generation
        self._states: OrderedDict[str, Mapping[str, NoteState]] = OrderedDict()
        self._held = 0

    def find(self, note_id: str, patient_id: str) -> NotePlace | None:
        """The live version of a note, of whichever patient; looked for with `patient_id` first."""
        if self._generation is None:
            return None
        state = self._of(self._generation, patient_id).get(note_id)
        if state is not None:
            return NotePlace(patient_id, state.source, state.digest, state.row_digest)
        return self._generation.find(note_id)

    def _of(self, generation: Generation, patient_id: str) -> Mapping[str, NoteState]:
        states = self._states.get(patient_id)
        if states is not None:
            self._states.move_to_end(patient_id)
            return states
        states = self._states[patient_id] = generation.note_states(patient_id)
        self._held += len(states) + 1
        while self._held > _STATES and len(self._states) > 1:
            _, dropped = self._states.popitem(last=False)
            self._held -= len(dropped) + 1
        return states


class Screening:
    """What can be said of a row before any work is done on it."""

    def __init__(self, plan: IngestPlan, live: Generation | None, *, key: bytes, detector: Detector) -> None:
        self._policy = plan.policy
        self._detector = detector
        self._digests = RowDigests(key, policy=plan.policy, detector=detector)
        self._live = LiveNotes(live)
        self._tombstones = Tombstones.read(plan.index_dir)

    def erased(self, patient_id: str | None) -> bool:
        """Whether a row is of a patient who was erased."""
        return patient_id is not None and self._tombstones.holds(patient_id)

    def digest(self, note: Note, source: str) -> RowDigest:
        """The digests of a note as its source gave it."""
        return self._digests.of(note, source)

    def live(self, note: Note) -> NotePlace | None:
        """The version of a note that the live generation has."""
        return self._live.find(note.note_id, note.patient_id)

    def repeats(self, note: Note, place: NotePlace) -> bool:
        """Whether a note is the very one that another source has in the index."""
        if place.row_digest == self._digests.of(note, place.source).row:
            return True
        stored = Deidentifier(self._policy, self._detector).apply(note)
        return stored is not None and note_digest(stored, place.source) == place.digest
