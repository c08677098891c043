from pathlib import Path

from core.records import Note
from ingest.sources import Reason, Rejected
from ingest.sources.text_folder import read_text_folder


def test_the_folder_names_the_patient_and_the_file_its_date_and_type(tmp_path: Path) -> None:
    (tmp_path / "p 1").mkdir()
    (tmp_path / "p 1" / "2020-01-02 Progress_note.txt").write_text("Well.")
    (tmp_path / "p 1" / "2020-01-03T0915.txt").write_text("Still well.")
    (tmp_path / "p 1" / "letter.txt").write_text("Dear all.")
    assert list(read_text_folder([tmp_path], 1000)) == [
        Note("p 1/2020-01-02 Progress_note", "p 1", None, "Progress note", "2020-01-02", "Well."),
        Note("p 1/2020-01-03T0915", "p 1", None, "note", "2020-01-03T09:15", "Still well."),
        Note("p 1/letter", "p 1", None, "letter", None, "Dear all."),
    ]


def test_every_other_file_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "alone.txt").write_text("whose?")
    (tmp_path / "p" / "a.pdf").write_bytes(b"%PDF")
    (tmp_path / "p" / "b.txt").write_bytes(b"caf\xe9")
    (tmp_path / "p" / "c.txt").write_text("")
    (tmp_path / "p" / "2020-02-30.txt").write_text("no such day")
    (tmp_path / "p" / "long.txt").write_text("é" * 9000)
    (tmp_path / ".hidden").write_text("x")
    rows = [r for r in read_text_folder([tmp_path], 1000) if isinstance(r, Rejected)]
    assert {(r.reason, r.where, r.patient_id) for r in rows} == {
        (Reason.MISSING_PATIENT_ID, "alone.txt", None),
        (Reason.UNSUPPORTED_FILE, "p/a.pdf", "p"),
        (Reason.UNDECODABLE_TEXT, "p/b.txt", "p"),
        (Reason.EMPTY_NOTE, "p/c.txt", "p"),
        (Reason.INVALID_DATE, "p/2020-02-30.txt", "p"),
        (Reason.TOO_LONG, "p/long.txt", "p"),
    }
