"""MIMIC-IV-Note: csv or csv.gz with note_id, subject_id, hadm_id, note_type, note_seq, charttime, storetime, text."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.sources.csv_records import MAX_FIELD_CHARS, read_csv
from ingest.sources.files import READ_ERRORS, Opener, open_bytes
from ingest.sources.note_types import mimic_note_type
from ingest.sources.rows import Reason, Rejected, SourceRow, as_id, build_row

REQUIRED = ("note_id", "subject_id", "note_type", "charttime", "text")
_UNDECODED = re.compile(r"[\udc80-\udcff]")
_MIDNIGHT = " 00:00:00"
_DATED_BY_DAY = frozenset({"DS", "AD"})


def read_mimic(files: Sequence[Path], max_chars: int, opener: Opener = open_bytes) -> Iterator[SourceRow]:
    """Read every row of every file, one at a time."""
    for path in files:
        try:
            yield from _read_file(path, max_chars, opener)
        except READ_ERRORS:
            yield Rejected(Reason.UNREADABLE_FILE, path.name)


def mimic_header(path: Path) -> list[str]:
    """The column names of a csv file, empty where it cannot be read."""
    try:
        with open_bytes(path) as raw:
            return next((record.fields or [] for record in read_csv(raw)), [])
    except READ_ERRORS:
        return []


def _read_file(path: Path, max_chars: int, opener: Opener) -> Iterator[SourceRow]:
    with opener(path) as raw:
        records = read_csv(raw, max(MAX_FIELD_CHARS, max_chars))
        first = next(records, None)
        columns = {name: i for i, name in enumerate((first and first.fields) or [])}
        if any(name not in columns for name in REQUIRED):
            yield Rejected(Reason.UNREADABLE_FILE, f"{path.name}: columns {', '.join(REQUIRED)} are needed")
            return
        for record in records:
            where = f"{path.name}:{record.line}"
            if record.fields is None:
                yield Rejected(Reason.BAD_ROW, where)
            else:
                yield _row(where, {name: record.fields[i] for name, i in columns.items()}, max_chars)


def _row(where: str, fields: dict[str, str], max_chars: int) -> SourceRow:
    note_id, patient_id = as_id(fields["note_id"]), as_id(fields["subject_id"])
    if not fields["text"].isascii() and _UNDECODED.search(fields["text"]):
        return Rejected(Reason.UNDECODABLE_TEXT, where, note_id, patient_id)
    charted_at = fields["charttime"].strip()
    if fields["note_type"] in _DATED_BY_DAY:
        # MIMIC dates discharge summaries by day and writes midnight for want of an hour.
        charted_at = charted_at.removesuffix(_MIDNIGHT)
    return build_row(
        where,
        note_id=note_id,
        patient_id=patient_id,
        encounter_id=as_id(fields.get("hadm_id")),
        note_type=mimic_note_type(fields["note_type"].strip()),
        charted_at=charted_at,
        text=fields["text"],
        max_chars=max_chars,
    )
