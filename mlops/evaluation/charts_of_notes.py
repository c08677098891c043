"""Charts made of notes at hand, in an index of their own."""

import csv
import gzip
import hashlib
from collections.abc import Sequence
from pathlib import Path

from core.records import Note
from mlops.evaluation.charts import CACHE, NOTES, ingested
from vectorstore.embeddings.base import LocalEmbeddings
from vectorstore.generation import Generation
from vectorstore.store import Store

_COLUMNS = ("note_id", "subject_id", "hadm_id", "note_type", "note_seq", "charttime", "storetime", "text")


def open_charts(label: str, notes: Sequence[Note], embeddings: LocalEmbeddings, *, folder: Path = CACHE) -> Generation:
    """Ingest notes as any others and open the index; the same notes under the same code are ingested once.

    `label` begins the name of the folder they are kept in below `folder`. The notes are trusted to hold no
    identifiers.

    Raises:
        IngestFailed: no note can be kept, or a tenth of them are bad.
        OSError: `folder` cannot be written.
    """
    digest = hashlib.sha256(repr(notes).encode()).hexdigest()[:12]
    home = ingested(f"{label}-{digest}", lambda making: _write(making / NOTES, notes), folder, embeddings)
    return Store(home / "index", embeddings).generation


def _write(path: Path, notes: Sequence[Note]) -> None:
    """MIMIC-IV-Note's columns, of which ours need some."""
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, _COLUMNS, restval="")
        rows.writeheader()
        for note in notes:
            rows.writerow(
                {
                    "note_id": note.note_id,
                    "subject_id": note.patient_id,
                    "hadm_id": note.encounter_id or "",
                    "note_type": note.note_type,
                    "charttime": note.charted_at or "",
                    "text": note.text,
                }
            )
