"""Content digests: what tells a changed note or chart from an unchanged one."""

import hashlib
import marshal
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from core.records import Note, SkippedNote


def note_digest(note: Note, source: str) -> str:
    """SHA-256 of all fields of a stored note and of the name of its source, in hex."""
    return _digest(note.note_id, note.patient_id, note.encounter_id, note.note_type, note.charted_at, note.text, source)


def chart_digest(note_digests: Iterable[str], quarantined: int, skipped: Sequence[SkippedNote]) -> str:
    """SHA-256 of a whole chart: its notes in chart order, and what was set aside, in hex."""
    set_aside = sorted((note.note_id, note.reason) for note in skipped)
    return _digest(*note_digests, str(quarantined), *(word for pair in set_aside for word in pair))


def note_checksum(fields: tuple[Any, ...], vectors: bytes) -> int:
    """CRC-32 of the fields of a stored note (strings, integers, tuples of these) and of its vectors' bytes.

    It tells a damaged note from a whole one where it is copied from one file to another, whose checksum would vouch
    for the damage. What is marshalled is never read back; the format is fixed by its version.
    """
    return zlib.crc32(vectors, zlib.crc32(marshal.dumps(fields, 2)))


def _digest(*fields: str | None) -> str:
    # Each field goes in with its length, so that no two different lists of fields run together alike.
    state = hashlib.sha256()
    for field in fields:
        if field is None:
            state.update(b"-;")
        else:
            content = field.encode()
            state.update(b"%d:" % len(content))
            state.update(content)
    return state.hexdigest()
