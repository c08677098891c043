import json
from pathlib import Path

from core.records import Note
from ingest.sources import Reason, Rejected
from ingest.sources.jsonl import read_jsonl

GOOD = {"note_id": "a/1", "patient_id": 7, "note_type": "progress note", "charted_at": "2020-01-02", "text": "Well. 🩺"}


def read(path: Path, *lines: bytes | dict[str, object]) -> tuple[list[Note], list[tuple[Reason, str]]]:
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
    rows = list(read_jsonl([path], 1000))
    return [r for r in rows if isinstance(r, Note)], [(r.reason, r.where) for r in rows if isinstance(r, Rejected)]


def test_reads_the_fields_of_a_note(tmp_path: Path) -> None:
    notes, rejected = read(tmp_path / "n.jsonl", GOOD, b"", {"note_id": "b", "patient_id": "p", "text": "x"})
    assert notes == [
        Note("a/1", "7", None, "progress note", "2020-01-02", "Well. 🩺"),
        Note("b", "p", None, "note", None, "x"),
    ]
    assert rejected == []


def test_each_broken_line_is_set_aside(tmp_path: Path) -> None:
    notes, rejected = read(
        tmp_path / "n.jsonl",
        b"{not json",
        b"[1, 2]",
        b'{"text": "\xff"}',
        b"[" * 100_000,
        GOOD | {"text": 5},
        GOOD | {"text": ""},
        GOOD | {"charted_at": 20200102},
        GOOD | {"charted_at": "no day"},
        GOOD | {"note_id": True},
        GOOD | {"patient_id": None},
        GOOD | {"note_id": "x" * 600},
        GOOD | {"text": "x" * 1001},
        GOOD,
    )
    assert len(notes) == 1
    assert [reason for reason, _ in rejected] == [
        Reason.BAD_ROW,
        Reason.BAD_ROW,
        Reason.BAD_ROW,
        Reason.BAD_ROW,
        Reason.BAD_ROW,
        Reason.EMPTY_NOTE,
        Reason.INVALID_DATE,
        Reason.INVALID_DATE,
        Reason.MISSING_NOTE_ID,
        Reason.MISSING_PATIENT_ID,
        Reason.INVALID_ID,
        Reason.TOO_LONG,
    ]
    assert rejected[0][1] == "n.jsonl:1"


def test_half_a_surrogate_pair_is_replaced_so_that_the_text_can_be_stored(tmp_path: Path) -> None:
    notes, _ = read(tmp_path / "n.jsonl", b'{"note_id": "a", "patient_id": "p", "text": "cut \\ud83d"}')
    assert notes[0].text == "cut \ufffd"
