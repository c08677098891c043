"""A patient's chart: notes, and the sections, sentences and chunks cut from them.

Every `start`/`end` pair is half-open and counts Unicode code points of the note's
stored text, so `note.text[start:end]` is the text the record stands for.
"""

from dataclasses import dataclass
from enum import StrEnum

from core.records.facts import Fact


class SectionKind(StrEnum):
    """What a section of a note is about, whatever its author called it."""

    CHIEF_COMPLAINT = "chief_complaint"
    HISTORY_OF_PRESENT_ILLNESS = "history_of_present_illness"
    HOSPITAL_COURSE = "hospital_course"
    PAST_HISTORY = "past_history"
    FAMILY_HISTORY = "family_history"
    SOCIAL_HISTORY = "social_history"
    PROBLEMS = "problems"
    MEDICATIONS = "medications"
    ALLERGIES = "allergies"
    REVIEW_OF_SYSTEMS = "review_of_systems"
    EXAM = "exam"
    VITALS = "vitals"
    RESULTS = "results"
    IMAGING = "imaging"
    PROCEDURES = "procedures"
    ASSESSMENT = "assessment"
    PLAN = "plan"
    FOLLOW_UP = "follow_up"
    CODE_STATUS = "code_status"
    IMMUNIZATIONS = "immunizations"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Note:
    """One note as stored, after de-identification.

    `charted_at` is the source's local time in ISO 8601 with its precision kept
    (a date stays a date), or None where the source has no time.
    """

    note_id: str
    patient_id: str
    encounter_id: str | None
    note_type: str
    charted_at: str | None
    text: str


@dataclass(frozen=True, slots=True)
class NoteHeader:
    """A note without its text."""

    note_id: str
    patient_id: str
    encounter_id: str | None
    note_type: str
    charted_at: str | None
    characters: int


@dataclass(frozen=True, slots=True)
class Section:
    """A headed part of a note. `heading` is the author's own words, "" for a preamble."""

    heading: str
    kind: SectionKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence or list item; `ordinal` counts from 0 within its note."""

    note_id: str
    ordinal: int
    start: int
    end: int
    heading: str
    kind: SectionKind


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive sentences of one section, `first_sentence` to `last_sentence` inclusive."""

    note_id: str
    ordinal: int
    start: int
    end: int
    heading: str
    kind: SectionKind
    first_sentence: int
    last_sentence: int


@dataclass(frozen=True, slots=True)
class ProcessedNote:
    """A note with all that ingest found in it. `source` names the ingest source it came from."""

    note: Note
    source: str
    sections: tuple[Section, ...]
    sentences: tuple[Sentence, ...]
    chunks: tuple[Chunk, ...]
    facts: tuple[Fact, ...]
