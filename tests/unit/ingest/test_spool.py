from dataclasses import replace
from pathlib import Path

from core.records import Note
from ingest.sources import Reason, Rejected
from ingest.spool import Spool


def note(note_id: str, patient_id: str = "p", text: str = "Well.", charted_at: str | None = None) -> Note:
    return Note(note_id, patient_id, None, "note", charted_at, text)


def test_gives_back_each_patients_notes_in_chart_order(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        for one in (note("b", "p", charted_at="2021"), note("x", "q"), note("a", "p", charted_at="2020"), note("u")):
            assert spool.add(one, "s") == "new"
        spool.finish()
        assert list(spool.patients()) == ["p", "q"]
        assert [item.note.note_id for item in spool.notes_of("p")] == ["u", "a", "b"]


def test_tells_a_repeated_note_from_another_one_with_its_id(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        spool.add(note("a"), "s")
        assert spool.add(note("a"), "other source") == "same"
        assert spool.add(note("a", text="Ill."), "s") == "other"
        assert spool.add(replace(note("a"), charted_at="2020"), "s") == "other"
        spool.finish()
        assert [item.note.text for item in spool.notes_of("p")] == ["Well."]


def test_remembers_what_was_set_aside_for_a_patient(tmp_path: Path) -> None:
    row = Rejected(Reason.EMPTY_NOTE, "f:3", "n9", "only rejected")
    with Spool(tmp_path) as spool:
        spool.set_aside(row, "s")
        spool.set_aside(Rejected(Reason.BAD_ROW, "f:4"), "s")
        spool.set_aside(Rejected(Reason.DUPLICATE, "f:5", "n1", "p"), "s")
        spool.finish()
        assert list(spool.patients()) == ["only rejected"]
        assert spool.set_aside_of("only rejected") == [("s", row)]


def test_leaves_no_file_behind_even_while_it_is_open(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        spool.add(note("a", text="SECRET" * 100_000), "s")
        assert list(tmp_path.iterdir()) == []
