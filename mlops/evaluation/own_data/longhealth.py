"""LongHealth, as published in `benchmark_v5.json` (Adams et al. 2024, Apache-2.0).

One JSON object: patient id to `{"texts": {"text_0": letter, …}, "questions": [{"No", "question", "answer_a" and on,
"correct", "answer_location": {"text_1": …}}]}`. Patients are made up and share no documents; the benchmark's own second
task asks a patient's questions of other patients' documents, where they cannot be answered.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.records import Note
from mlops.evaluation.own_data.dataset import Asked, Dataset, Place, Unreadable, digests

NOTE_TYPE = "discharge letter"


def read_longhealth(path: Path) -> Dataset:
    """Every patient's letters as undated notes, and every question with the letters that answer it.

    Raises:
        Unreadable: the file is missing or is not in this format.
    """
    try:
        patients = json.loads(path.read_text(encoding="utf-8"))
        notes = tuple(note for patient_id, patient in patients.items() for note in _notes(patient_id, patient["texts"]))
        lengths = {note.note_id: len(note.text) for note in notes}
        asked = tuple(
            _asked(patient_id, number, question, lengths)
            for patient_id, patient in patients.items()
            for number, question in enumerate(patient["questions"])
        )
        files = digests("longhealth", path)
    except OSError as e:
        raise Unreadable(f"{path}: {e.strerror or type(e).__name__}") from e
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise Unreadable(f"{path} is not LongHealth's benchmark_v5.json ({type(e).__name__})") from e
    if not notes or not asked:
        raise Unreadable(f"{path} holds no letter or no question")
    return Dataset("longhealth", notes, asked, apart=len(patients) > 1, digests=files)


def _notes(patient_id: str, texts: Mapping[str, str]) -> Iterator[Note]:
    for text_id, text in texts.items():
        stored = text.replace("\r\n", "\n").replace("\r", "\n")
        yield Note(f"{patient_id}/{text_id}", patient_id, None, NOTE_TYPE, None, stored)


def _asked(patient_id: str, number: int, question: Mapping[str, Any], lengths: Mapping[str, int]) -> Asked:
    located = [f"{patient_id}/{text_id}" for text_id in question.get("answer_location") or {}]
    places = tuple(Place(note_id, 0, lengths[note_id]) for note_id in located)
    return Asked(patient_id, str(question.get("No", number)), " ".join(question["question"].split()), places)
