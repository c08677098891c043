"""Notes as MIMIC-IV-Note writes them: one gzipped CSV, the same bytes for the same notes."""

import csv
import gzip
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

COLUMNS = ("note_id", "subject_id", "hadm_id", "note_type", "note_seq", "charttime", "storetime", "text")
CODES = {
    "discharge summary": "DS",
    "radiology report": "RR",
    "discharge summary addendum": "AD",
    "history and physical": "HP",
    "progress note": "PN",
    "nursing note": "NN",
    "emergency department note": "ED",
    "consult note": "CO",
    "clinic letter": "CL",
    "outpatient note": "OP",
    "medication reconciliation": "MR",
    "therapy note": "TH",
    "telephone note": "TE",
    "procedure note": "PR",
    "social work note": "SW",
    "addendum": "AM",
}
_MIMIC_CODES = ("DS", "RR", "AD")


@dataclass(frozen=True, slots=True)
class WrittenNote:
    """One finished note."""

    note_id: str
    subject_id: str
    hadm_id: str
    note_type: str
    note_seq: int
    charttime: datetime
    storetime: datetime
    text: str

    def row(self) -> tuple[str, ...]:
        """The note as a row; the types MIMIC has codes for are written as those codes."""
        code = CODES[self.note_type]
        shown = code if code in _MIMIC_CODES else self.note_type
        return (
            self.note_id,
            self.subject_id,
            self.hadm_id,
            shown,
            str(self.note_seq),
            str(self.charttime),
            str(self.storetime),
            self.text,
        )


def write_notes(path: Path, notes: Iterable[WrittenNote]) -> int:
    """Write all notes and return how many. Raises OSError where the file cannot be written."""
    count = 0
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="") as out,
    ):
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(COLUMNS)
        for note in notes:
            rows.writerow(note.row())
            count += 1
    return count
