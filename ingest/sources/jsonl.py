"""JSONL: one object a line with the fields of `core.records.Note`."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.sources.files import READ_ERRORS, Opener, open_bytes, read_lines
from ingest.sources.rows import Reason, SourceRow, as_id, build_row, reject, unreadable

_MOST_BYTES_A_CHAR = 12
"""Of a character beyond the first 65,536, escaped as two surrogates."""
_REST = 1 << 20


def read_jsonl(files: Sequence[Path], max_chars: int, opener: Opener = open_bytes) -> Iterator[SourceRow]:
    """Read every line of every file, one at a time; blank lines are nothing."""
    for path in files:
        try:
            with opener(path) as raw:
                for number, line in enumerate(read_lines(raw, _MOST_BYTES_A_CHAR * max_chars + _REST), 1):
                    if line is None:
                        yield reject(Reason.TOO_LONG, f"{path.name}:{number}")
                    elif line.strip():
                        yield _row(f"{path.name}:{number}", line, max_chars)
        except READ_ERRORS as e:
            yield unreadable(path, e)


def parse_object(line: bytes) -> dict[str, object] | None:
    """One JSON object, None where the bytes are none (RecursionError: brackets nested without end)."""
    try:
        found = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _row(where: str, line: bytes, max_chars: int) -> SourceRow:
    fields = parse_object(line)
    if fields is None:
        return reject(Reason.BAD_ROW, where)
    note_id, patient_id = as_id(fields.get("note_id")), as_id(fields.get("patient_id"))
    text, charted_at, kind = fields.get("text"), fields.get("charted_at"), fields.get("note_type")
    if not isinstance(text, str) or not isinstance(kind, str | None):
        return reject(Reason.BAD_ROW, where, note_id, patient_id)
    if not isinstance(charted_at, str | None):
        return reject(Reason.INVALID_DATE, where, note_id, patient_id)
    return build_row(
        where,
        note_id=note_id,
        patient_id=patient_id,
        encounter_id=as_id(fields.get("encounter_id")),
        note_type=kind,
        charted_at=charted_at,
        text=text,
        max_chars=max_chars,
    )
