"""MIMIC-IV-Note: csv or csv.gz with note_id, subject_id, hadm_id, note_type, note_seq, charttime, storetime, text."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.sources.csv_table import Fields, read_tables, undecoded, whole_number
from ingest.sources.files import Opener, open_bytes
from ingest.sources.note_types import mimic_note_type
from ingest.sources.rows import Reason, SourceRow, as_id, build_row, reject

REQUIRED = ("note_id", "subject_id", "note_type", "charttime", "text")
_MIDNIGHT = " 00:00:00"
_DATED_BY_DAY = frozenset({"DS", "AD"})


def read_mimic(files: Sequence[Path], max_chars: int, opener: Opener = open_bytes) -> Iterator[SourceRow]:
    """Read every row of every file, one at a time."""
    return read_tables(files, REQUIRED, _row, max_chars, opener)


def _row(where: str, fields: Fields, max_chars: int) -> SourceRow:
    note_id, patient_id = as_id(fields["note_id"]), as_id(fields["subject_id"])
    if undecoded(fields["text"]):
        return reject(Reason.UNDECODABLE_TEXT, where, note_id, patient_id)
    charted_at = fields["charttime"].strip()
    if fields["note_type"] in _DATED_BY_DAY:
        # MIMIC dates discharge summaries by day and writes midnight for want of an hour.
        charted_at = charted_at.removesuffix(_MIDNIGHT)
    return build_row(
        where,
        note_id=note_id,
        patient_id=patient_id,
        encounter_id=as_id(whole_number(fields.get("hadm_id"))),
        note_type=mimic_note_type(fields["note_type"].strip()),
        charted_at=charted_at,
        text=fields["text"],
        max_chars=max_chars,
    )
