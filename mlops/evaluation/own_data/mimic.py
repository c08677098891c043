"""MIMIC-IV-Note 2.2, as published on PhysioNet (Johnson et al. 2023, credentialed access): a csv or csv.gz of notes."""

from pathlib import Path

from core.records import Note
from ingest.sources.mimic import read_mimic
from mlops.evaluation.own_data.dataset import Dataset, Unreadable, digests

MAX_CHARS = 2_000_000


def read_mimic_charts(path: Path, *, patients: int) -> Dataset:
    """The notes of the first patients of a file such as `discharge.csv.gz`, which is sorted by patient.

    There are no questions: what is measured is whether summaries keep to the notes.

    Raises:
        Unreadable: no note of this format can be read.
    """
    charts: dict[str, list[Note]] = {}
    for row in read_mimic([path], MAX_CHARS):
        if not isinstance(row, Note):
            continue
        if row.patient_id not in charts and len(charts) == patients:
            break
        charts.setdefault(row.patient_id, []).append(row)
    if not charts:
        raise Unreadable(f"{path} holds no note in MIMIC-IV-Note's format (note_id, subject_id, …, text)")
    notes = tuple(note for chart in charts.values() for note in chart)
    return Dataset("mimic", notes, digests=digests("mimic", path))
