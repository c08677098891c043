"""Notes of made-up patients that change from night to night, and the files they are exported to."""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from core.records import Note

SOURCES = ("clinic", "ward")
Night = Mapping[str, Note]
"""All notes of both sources by id; the part of an id before the slash is its source."""
EMPTY_NOTE = "ward/empty"
EMPTY_NOTE_OF = "p00"
_TYPES = ("Progress note", "Discharge summary", "Clinic letter")
_LINES = (
    "CHIEF COMPLAINT: Shortness of breath for {n} days.",
    "PAST MEDICAL HISTORY:\n1. Heart failure\n2. Hypertension\n3. Type 2 diabetes mellitus",
    "MEDICATIONS:\n- Lisinopril {n} mg PO daily\n- Furosemide 20 mg PO daily\n- Metformin 500 mg PO BID",
    "MEDICATIONS:\n- Warfarin {n} mg PO daily\n- Aspirin 81 mg PO daily",
    "ALLERGIES: Penicillin (rash).",
    "ALLERGIES: No known drug allergies.",
    "HOSPITAL COURSE: She was treated with intravenous furosemide and lost {n} kg over five days. Warfarin was stopped "
    "because of gastrointestinal bleeding. She denies chest pain, fever and chills.",
    "LABS: Creatinine {n}.2 mg/dL. BNP 1,24{n} pg/mL.",
    "FAMILY HISTORY: Mother had breast cancer. Father died of myocardial infarction.",
    "ASSESSMENT AND PLAN: Acute on chronic heart failure. Follow up in {n} weeks with repeat creatinine.",
)


def source_of(note_id: str) -> str:
    """The source that a note comes from."""
    return note_id.partition("/")[0]


class Author:
    """Writes charts, and each night what became of them. The same seed writes the same."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._written = 0

    def first_night(self, patients: int, notes_each: int = 3) -> Night:
        """Charts to begin with; the patient of the empty note is among them."""
        notes = [self._note(f"p{n:02d}") for n in range(patients) for _ in range(notes_each)]
        return {note.note_id: note for note in notes}

    def next_night(self, night: Night, share: float = 0.02) -> Night:
        """The night after: notes edited, deleted, moved to another patient, and new; a patient gone and one new."""
        notes, ids = dict(night), sorted(night)
        self._rng.shuffle(ids)
        some = max(1, round(share * len(ids)))
        patients = sorted({note.patient_id for note in notes.values()})
        for note_id in ids[:some]:
            notes[note_id] = replace(notes[note_id], text=self._text(note_id))
        for note_id in ids[some : 2 * some]:
            del notes[note_id]
        for note_id in ids[2 * some : 2 * some + 2]:
            notes[note_id] = replace(notes[note_id], patient_id=self._rng.choice(patients))
        gone = self._rng.choice(patients[1:])
        notes = {note_id: note for note_id, note in notes.items() if note.patient_id != gone}
        for patient in (f"p{self._rng.randrange(1000, 9999)}", *self._rng.sample(patients, some)):
            note = self._note(patient)
            notes[note.note_id] = note
        return notes

    def _note(self, patient_id: str) -> Note:
        self._written += 1
        rng, note_id = self._rng, f"{self._rng.choice(SOURCES)}/{self._written:04d}"
        charted_at = rng.choice([None, f"20{rng.randrange(10, 26)}-0{rng.randrange(1, 10)}-1{rng.randrange(10)}"])
        return Note(note_id, patient_id, None, rng.choice(_TYPES), charted_at, self._text(note_id))

    def _text(self, note_id: str) -> str:
        lines = self._rng.sample(_LINES, self._rng.randrange(3, 7))
        mark = f"Note {note_id}, version {self._rng.randrange(10**6)}."
        return "\n\n".join([*(line.format(n=self._rng.randrange(2, 9)) for line in lines), mark])


def export(night: Night, folder: Path) -> list[Path]:
    """Write a night as one file a source, each with rows that cannot be kept. Returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for source in SOURCES:
        rows = [_row(note) for note_id, note in night.items() if source_of(note_id) == source]
        if source == source_of(EMPTY_NOTE):
            rows += [json.dumps({"note_id": EMPTY_NOTE, "patient_id": EMPTY_NOTE_OF, "text": " "}), "{broken"]
        path = folder / f"{source}.jsonl"
        path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
        paths.append(path)
    return paths


def _row(note: Note) -> str:
    fields = {"note_id": note.note_id, "patient_id": note.patient_id, "note_type": note.note_type, "text": note.text}
    return json.dumps(fields | ({"charted_at": note.charted_at} if note.charted_at else {}))
