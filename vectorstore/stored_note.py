"""A note as it lies in a segment: header, text, vectors and the rows of its tables, so that it is copied as it is."""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.records import Note, NoteHeader, ProcessedNote
from vectorstore.digests import note_checksum, note_digest

# Heading and kind of a section.
Label: TypeAlias = tuple[str, str]
# Ordinal, start, end, label.
SpanRow: TypeAlias = tuple[int, int, int, Label]
# Ordinal, start, end, label, first and last sentence.
ChunkRow: TypeAlias = tuple[int, int, int, Label, int, int]
# Ordinal, kind, name, sentence, start, end, assertion, action, dose, route, frequency, reaction, value, unit.
FactRow: TypeAlias = tuple[int, str, str, int, int, int, str, str, str, str, str, str, str, str]


@dataclass(frozen=True, slots=True, eq=False)
class StoredNote:
    """A note with all that ingest found in it. `vectors` is float32 of shape (chunks, dimension), unit length.

    `digest` is `vectorstore.digests.note_digest` of the stored note, `row_digest` what its source row was known by,
    `metadata` a JSON object that its writer wants back with it.
    """

    header: NoteHeader
    source: str
    digest: str
    row_digest: str | None
    metadata: str | None = field(repr=False)
    text: str = field(repr=False)
    sections: tuple[SpanRow, ...] = field(repr=False)
    sentences: tuple[SpanRow, ...] = field(repr=False)
    chunks: tuple[ChunkRow, ...] = field(repr=False)
    facts: tuple[FactRow, ...] = field(repr=False)
    vectors: NDArray[np.float32] = field(repr=False)

    @property
    def note(self) -> Note:
        """The note itself."""
        h = self.header
        return Note(h.note_id, h.patient_id, h.encounter_id, h.note_type, h.charted_at, self.text)

    @property
    def checksum(self) -> int:
        """What tells that a copy of this note is whole; `row_digest` has no part in it."""
        h = self.header
        fields = (
            (h.note_id, h.patient_id, h.encounter_id, h.note_type, h.charted_at, h.characters),
            (self.source, self.digest, self.metadata, self.text),
            (self.sections, self.sentences, self.chunks, self.facts),
        )
        return note_checksum(fields, np.ascontiguousarray(self.vectors, dtype="<f4").tobytes())

    @property
    def chunk_texts(self) -> tuple[str, ...]:
        """The words of each chunk, in the order of `vectors`."""
        return tuple(self.text[row[1] : row[2]] for row in self.chunks)


def stored_note(
    item: ProcessedNote,
    vectors: NDArray[np.float32],
    *,
    row_digest: str | None = None,
    metadata: str | None = None,
) -> StoredNote:
    """What is stored of a processed note. `vectors` has a row for each of its chunks."""
    note = item.note
    return StoredNote(
        NoteHeader(
            note.note_id, note.patient_id, note.encounter_id, note.note_type, note.charted_at, len(note.text)
        ),
        item.source,
        note_digest(note, item.source),
        row_digest,
        metadata,
        note.text,
        tuple((i, s.start, s.end, (s.heading, s.kind.value)) for i, s in enumerate(item.sections)),
        tuple((s.ordinal, s.start, s.end, (s.heading, s.kind.value)) for s in item.sentences),
        tuple(
            (c.ordinal, c.start, c.end, (c.heading, c.kind.value), c.first_sentence, c.last_sentence)
            for c in item.chunks
        ),
        tuple(
            (i, f.kind.value, f.name, f.sentence, f.start, f.end, f.assertion.value, f.action.value, f.dose, f.route,
             f.frequency, f.reaction, f.value, f.unit)
            for i, f in enumerate(item.facts)
        ),
        vectors,
    )  # fmt: skip
