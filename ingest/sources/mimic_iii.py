"""MIMIC-III's `NOTEEVENTS.csv`.

Its columns are row_id, subject_id, hadm_id, chartdate, charttime, storetime, category, description, cgid, iserror and
text (Johnson et al., MIMIC-III, a freely accessible critical care database, Sci Data 3, 160035, 2016). Identifiers are
replaced by brackets such as `[**Known lastname 1234**]`, which are part of the text.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.sources.csv_table import Fields, read_tables, undecoded, whole_number
from ingest.sources.files import Opener, open_bytes
from ingest.sources.note_types import mimic_iii_note_type
from ingest.sources.rows import Reason, SourceRow, as_id, build_row, reject

REQUIRED = ("row_id", "subject_id", "chartdate", "category", "text")
ID_PREFIX = "mimic-iii/"
"""Before a row's number, so that no note of another source has the same id."""

_MIDNIGHT = " 00:00:00"


def read_mimic_iii(files: Sequence[Path], max_chars: int, opener: Opener = open_bytes) -> Iterator[SourceRow]:
    """Read every row of every file, one at a time. A row marked as an error is left out."""
    return read_tables(files, REQUIRED, _row, max_chars, opener)


def _row(where: str, fields: Fields, max_chars: int) -> SourceRow:
    number, patient_id = whole_number(fields["row_id"]), as_id(whole_number(fields["subject_id"]))
    note_id = ID_PREFIX + number if number else None
    if whole_number(fields.get("iserror")) == "1":
        return reject(Reason.ENTERED_IN_ERROR, where, note_id, patient_id)
    if undecoded(fields["text"]):
        return reject(Reason.UNDECODABLE_TEXT, where, note_id, patient_id)
    day = fields["chartdate"].strip().removesuffix(_MIDNIGHT)
    return build_row(
        where,
        note_id=note_id,
        patient_id=patient_id,
        encounter_id=as_id(whole_number(fields.get("hadm_id"))),
        note_type=mimic_iii_note_type(fields["category"], fields.get("description", "")),
        charted_at=fields.get("charttime", "").strip() or day,
        text=fields["text"],
        max_chars=max_chars,
    )
