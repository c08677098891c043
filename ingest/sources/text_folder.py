"""A folder of text files: `PATIENT/2026-11-21 progress note.txt`.

The first folder names the patient, the path without its ending is the note's id, a leading ISO date in the file's name
is when the note was charted, and what follows the date names its type.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.sources.files import READ_ERRORS, Opener, list_files, open_bytes
from ingest.sources.rows import Reason, SourceRow, build_row, reject, unreadable

ENDINGS = frozenset({".txt", ".text"})
_NAME = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})(?:[T_ ](?P<hour>\d{2})[-:]?(?P<minute>\d{2})(?!\d))?(?P<rest>.*)", re.S
)


def read_text_folder(files: Sequence[Path], max_chars: int, opener: Opener = open_bytes) -> Iterator[SourceRow]:
    """Read the folders given; every file in them is a note or is rejected, hidden files apart."""
    for root in files:
        try:
            found = list_files(root)
        except OSError as e:
            yield unreadable(Path(e.filename or root), e)
            continue
        for path in found:
            inside = path.relative_to(root)
            if not any(part.startswith(".") for part in inside.parts):
                yield _row(path, inside, max_chars, opener)


def _row(path: Path, inside: Path, max_chars: int, opener: Opener) -> SourceRow:
    where, note_id = inside.as_posix(), inside.with_suffix("").as_posix()
    patient_id = inside.parts[0] if len(inside.parts) > 1 else None
    if path.suffix.lower() not in ENDINGS:
        return reject(Reason.UNSUPPORTED_FILE, where, note_id, patient_id)
    try:
        with opener(path) as raw:
            data = raw.read(4 * max_chars + 4)
        if len(data) > 4 * max_chars:
            return reject(Reason.TOO_LONG, where, note_id, patient_id)
        text = data.decode("utf-8-sig")
    except (*READ_ERRORS, UnicodeDecodeError):
        return reject(Reason.UNDECODABLE_TEXT, where, note_id, patient_id)
    dated = _NAME.fullmatch(path.stem)
    kind = (dated["rest"] if dated else path.stem).replace("_", " ").replace("-", " ")
    time = f"T{dated['hour']}:{dated['minute']}" if dated and dated["hour"] else ""
    return build_row(
        where,
        note_id=note_id,
        patient_id=patient_id,
        encounter_id=None,
        note_type=kind,
        charted_at=dated["date"] + time if dated else None,
        text=text,
        max_chars=max_chars,
    )
