"""What a source yields: a note, or the reason why a row is none. A rejection never carries text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias

from core.records import Note
from ingest.sources.charted_at import parse_charted_at
from ingest.sources.files import Opener, open_bytes, showable, why_unreadable

MAX_ID_CHARS = 512
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NULL = "\x00"


class Reason(StrEnum):
    """Why a row did not become a note of the index."""

    BAD_ROW = "bad_row"
    MISSING_NOTE_ID = "missing_note_id"
    MISSING_PATIENT_ID = "missing_patient_id"
    INVALID_ID = "invalid_id"
    INVALID_DATE = "invalid_date"
    EMPTY_NOTE = "empty_note"
    TOO_LONG = "too_long"
    UNDECODABLE_TEXT = "undecodable_text"
    UNDECODABLE_ATTACHMENT = "undecodable_attachment"
    MISSING_ATTACHMENT = "missing_attachment"
    UNSUPPORTED_ATTACHMENT = "unsupported_attachment"
    UNSUPPORTED_FILE = "unsupported_file"
    UNREADABLE_FILE = "unreadable_file"
    DUPLICATE_ID = "duplicate_id"
    UNPROCESSABLE = "unprocessable"
    IDENTIFIERS = "identifiers"
    ENTERED_IN_ERROR = "entered_in_error"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    ERASED = "erased"

    @property
    def quarantined(self) -> bool:
        """True where something the source meant to be read was set aside."""
        return self not in _LEFT_OUT

    @property
    def bad(self) -> bool:
        """True where the row counts towards `max_bad_share`: a policy that sets notes aside does not make rows bad."""
        return self.quarantined and self is not Reason.IDENTIFIERS


_LEFT_OUT = frozenset({Reason.ENTERED_IN_ERROR, Reason.SUPERSEDED, Reason.DUPLICATE, Reason.ERASED})


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not ingested. `where` names the file and the line, row or entry."""

    reason: Reason
    where: str
    note_id: str | None = None
    patient_id: str | None = None


SourceRow: TypeAlias = Note | Rejected


class Reader(Protocol):
    """Reads files one after the other, opening each with `opener`.

    Rows that cannot be used come as `Rejected`; it never raises for what a file holds.
    """

    def __call__(self, files: Sequence[Path], max_chars: int, opener: Opener = open_bytes) -> Iterator[SourceRow]:
        """Read every row of every file; a text of more than `max_chars` characters is rejected."""
        ...


def reject(reason: Reason, where: str, note_id: str | None = None, patient_id: str | None = None) -> Rejected:
    """A rejected row that can be stored and shown, whatever its place and ids hold; an unfit id is left out."""
    note_id, patient_id = (None if i is None or _bad_id(i) else i for i in (note_id, patient_id))
    return Rejected(reason, showable(where), note_id, patient_id)


def unreadable(path: Path, error: BaseException) -> Rejected:
    """A file that could not be read to its end, with what is wrong with it."""
    return reject(Reason.UNREADABLE_FILE, f"{path.name}: {why_unreadable(error)}")


def as_id(value: object) -> str | None:
    """An identifier as an opaque string, None where there is none. Numbers are taken as written."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def clean_text(text: str) -> str:
    r"""Bring a text into the form in which it is stored: "\n" line ends, no NUL, no half of a surrogate pair."""
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _NULL in text:
        text = text.replace(_NULL, " ")
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def build_row(
    where: str,
    *,
    note_id: str | None,
    patient_id: str | None,
    encounter_id: str | None,
    note_type: str | None,
    charted_at: str | None,
    text: str,
    max_chars: int,
) -> SourceRow:
    """Check one row and make a note of it."""

    def unfit(reason: Reason) -> Rejected:
        return reject(reason, where, note_id, patient_id)

    if not note_id:
        return unfit(Reason.MISSING_NOTE_ID)
    if not patient_id:
        return unfit(Reason.MISSING_PATIENT_ID)
    if any(_bad_id(i) for i in (note_id, patient_id, encounter_id or "")):
        return unfit(Reason.INVALID_ID)
    if len(text) > max_chars:
        return unfit(Reason.TOO_LONG)
    text = clean_text(text)
    if not text.strip():
        return unfit(Reason.EMPTY_NOTE)
    try:
        when = parse_charted_at(charted_at)
    except ValueError:
        return unfit(Reason.INVALID_DATE)
    kind = " ".join(clean_text(note_type or "").split())[:MAX_ID_CHARS] or "note"
    return Note(note_id, patient_id, encounter_id or None, kind, when, text)


def _bad_id(value: str) -> bool:
    return len(value) > MAX_ID_CHARS or _CONTROL.search(value) is not None
