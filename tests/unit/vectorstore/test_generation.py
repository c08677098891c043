"""Reading a generation: listings, notes by id, charts that stay what they were."""

import traceback
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import IndexMismatch, InvalidRequest, NoteNotFound, PatientNotFound
from core.records import SkippedNote
from tests.fakes.indexes import lined, open_store, open_writer, publish, vectors_of
from vectorstore.generation import NotePlace
from vectorstore.segment import NoteState
from vectorstore.stored_note import StoredNote, stored_note

ODD_IDS = ["a/b/c", "emoji 😀", "new\nline", "nul\0inside", "%2F", "'; DROP TABLE patients", "ÄÖ", "  "]


def charts_of(*ids: str) -> dict[str, list]:
    return {patient_id: [lined(patient_id, f"note of {patient_id}", f"words of {patient_id}")] for patient_id in ids}


def test_ids_may_hold_anything(tmp_path: Path) -> None:
    publish(tmp_path, charts_of(*ODD_IDS))
    generation = open_store(tmp_path).generation
    assert set(generation.patient_ids()) == set(ODD_IDS)
    for patient_id in ODD_IDS:
        note = generation.note(f"note of {patient_id}")
        assert (note.patient_id, note.text) == (patient_id, f"words of {patient_id}")
        assert generation.chart(patient_id).headers[0].note_id == f"note of {patient_id}"
        assert patient_id in {row.patient_id for row in generation.patients(query=patient_id).patients}


def test_pages_follow_one_another_without_gap_or_repeat(tmp_path: Path) -> None:
    ids = sorted([f"p{n}" for n in range(7)] + ["😀", "a/b"])
    publish(tmp_path, charts_of(*ids))
    generation = open_store(tmp_path).generation
    seen, cursor = [], None
    while True:
        page = generation.patients(limit=4, cursor=cursor)
        seen += [row.patient_id for row in page.patients]
        cursor = page.next
        if cursor is None:
            break
    assert seen == ids


def test_a_full_last_page_has_no_next(tmp_path: Path) -> None:
    publish(tmp_path, charts_of("a", "b"))
    assert open_store(tmp_path).generation.patients(limit=2).next is None


def test_a_query_finds_any_part_whatever_its_case(tmp_path: Path) -> None:
    publish(tmp_path, charts_of("Ward/Ann", "ward/bob", "STRASSE", "100%"))
    generation = open_store(tmp_path).generation

    def found(query: str) -> list[str]:
        return [row.patient_id for row in generation.patients(query=query).patients]

    assert found("WARD/") == ["Ward/Ann", "ward/bob"]
    assert found("ann") == ["Ward/Ann"]
    assert found("straße") == ["STRASSE"]
    assert found("%") == ["100%"]
    assert found("_") == []


def test_a_listing_tells_notes_and_dates(tmp_path: Path) -> None:
    notes = [
        lined("ann", "1", "a", "2021-05-01T10:00:00"),
        lined("ann", "2", "b", None),
        lined("ann", "3", "c", "2019-01-02"),
    ]
    publish(tmp_path, {"ann": notes})
    (row,) = open_store(tmp_path).generation.patients().patients
    assert (row.notes, row.first_charted_at, row.last_charted_at) == (3, "2019-01-02", "2021-05-01T10:00:00")


@pytest.mark.parametrize("cursor", ["", "?", "£", "AAA", "////"])
def test_a_foreign_cursor_is_refused_or_harmless(tmp_path: Path, cursor: str) -> None:
    publish(tmp_path, charts_of("a"))
    generation = open_store(tmp_path).generation
    if cursor == "":
        assert len(generation.patients(cursor=cursor).patients) == 1
    else:
        with pytest.raises(InvalidRequest, match="cursor"):
            generation.patients(cursor=cursor)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_absurd_limits_are_refused(tmp_path: Path, limit: int) -> None:
    publish(tmp_path, charts_of("a"))
    with pytest.raises(InvalidRequest, match="limit"):
        open_store(tmp_path).generation.patients(limit=limit)


def test_charts_asked_for_last_stay_open_as_far_as_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vectorstore.generation._OPEN_CHUNKS", 2)
    publish(tmp_path, charts_of("ann", "bob", "cid"))
    generation = open_store(tmp_path).generation
    ann, bob = generation.chart("ann"), generation.chart("bob")
    assert generation.chart("ann") is ann
    generation.chart("cid")
    assert generation.chart("ann") is ann
    assert generation.chart("bob") is not bob


def test_a_chart_larger_than_the_room_stays_open_until_another_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vectorstore.generation._OPEN_CHUNKS", 0)
    publish(tmp_path, charts_of("ann", "bob"))
    generation = open_store(tmp_path).generation
    ann = generation.chart("ann")
    assert generation.chart("ann") is ann
    generation.chart("bob")
    assert generation.chart("ann") is not ann


def test_unknown_ids_are_named_errors_that_quote_nothing(tmp_path: Path) -> None:
    publish(tmp_path, charts_of("a"))
    generation = open_store(tmp_path).generation
    for call, error in ((generation.chart, PatientNotFound), (generation.note, NoteNotFound)):
        with pytest.raises(error) as caught:
            call("secret-id")
        assert "secret-id" not in str(caught.value)
    assert generation.note_digests("secret-id") == {}
    assert generation.patient_of("secret-id") is None


def test_a_generation_held_stays_whole_after_it_was_collected(tmp_path: Path) -> None:
    publish(tmp_path, charts_of("a", "b"))
    store = open_store(tmp_path)
    held = store.generation
    for number in range(4):
        publish(tmp_path, {"a": [lined("a", "other", f"later {number}")]}, removed=["b"], keep=1)
    assert store.refresh()
    assert held.number == 1
    assert held.chart("b").note("note of b").text == "words of b"
    assert held.note("note of a").text == "words of a"
    assert store.generation.note("other").text == "later 3"


def test_a_note_that_left_the_chart_is_not_found_though_an_old_segment_holds_it(tmp_path: Path) -> None:
    publish(tmp_path, {"a": [lined("a", "old", "gone")], "b": [lined("b", "b1", "x")], "c": [lined("c", "c1", "y")]})
    publish(tmp_path, {"a": [lined("a", "new", "here")]})
    generation = open_store(tmp_path).generation
    assert len(generation.manifest.segments) == 2
    with pytest.raises(NoteNotFound):
        generation.note("old")
    assert generation.patient_of("new") == "a"


def as_stored(patient_id: str, note_id: str, text: str, row_digest: str | None = None) -> StoredNote:
    item = lined(patient_id, note_id, text)
    return stored_note(item, vectors_of([item]), row_digest=row_digest)


def contents(note: StoredNote) -> list[object]:
    names = [name for name in StoredNote.__slots__ if name != "vectors"]
    return [*(getattr(note, name) for name in names), note.vectors.tolist()]


def test_stored_notes_come_back_as_they_were_put_in_chart_order(tmp_path: Path) -> None:
    notes = [as_stored("a", "n2", "takes aspirin\n\nno fever", "row 2"), as_stored("a", "n1", "emoji 😀")]
    with open_writer(tmp_path) as writer:
        writer.put_chart("a", notes, quarantined=1, skipped=[SkippedNote("n3", "empty", "s")])
        writer.put_chart("b", [as_stored("b", "n9", "other")])
        writer.publish()
    generation = open_store(tmp_path).generation
    assert [contents(note) for note in generation.stored_notes("a")] == [contents(notes[1]), contents(notes[0])]
    assert [contents(note) for note in generation.stored_notes("a", {"n2"})] == [contents(notes[0])]
    assert generation.processed("a") == (lined("a", "n1", "emoji 😀"), lined("a", "n2", "takes aspirin\n\nno fever"))
    assert generation.coverage("a") == (SkippedNote("n3", "empty", "s"),)
    assert generation.chart("a").quarantined == 1


def test_the_states_of_notes_tell_digest_source_and_row(tmp_path: Path) -> None:
    known, unknown = as_stored("a", "n1", "one", "row 1"), as_stored("a", "n2", "two")
    with open_writer(tmp_path) as writer:
        writer.put_chart("a", [unknown, known])
        writer.publish()
    generation = open_store(tmp_path).generation
    assert generation.note_states("a") == {
        "n1": NoteState(known.digest, "test", "row 1"),
        "n2": NoteState(unknown.digest, "test", None),
    }
    assert generation.find("n1") == NotePlace("a", "test", known.digest, "row 1")


def test_lean_questions_about_an_unknown_patient_or_note_have_empty_answers(tmp_path: Path) -> None:
    publish(tmp_path, charts_of("a"))
    generation = open_store(tmp_path).generation
    assert generation.note_states("nobody") == {}
    assert generation.coverage("nobody") == ()
    assert generation.stored_notes("nobody") == []
    assert generation.find("nothing") is None


def test_a_catalog_with_many_headings_is_read_right_whatever_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vectorstore.segment._LABELS_IN_MEMORY", 3)
    monkeypatch.setattr("vectorstore.segment._LABELS_AT_ONCE", 2)
    charts = {}
    for patient_id in ("a", "b"):
        item = lined(patient_id, patient_id, "\n".join(f"line {n}" for n in range(9)))
        sentences = tuple(replace(s, heading=f"{patient_id} {s.ordinal}") for s in item.sentences)
        charts[patient_id] = [replace(item, sentences=sentences)]
    publish(tmp_path, charts)
    generation = open_store(tmp_path).generation
    for patient_id in ("a", "b", "a"):
        assert list(generation.processed(patient_id)) == charts[patient_id]


def test_a_byte_flipped_in_a_text_is_refused_without_quoting_it(tmp_path: Path) -> None:
    publish(tmp_path, charts_of("a"))
    path = next(tmp_path.rglob("catalog.sqlite"))
    content = bytearray(path.read_bytes())
    content[content.index(b"words of a")] |= 128
    path.write_bytes(content)
    with pytest.raises(IndexMismatch, match="verify") as caught:
        open_store(tmp_path).generation.note("note of a")
    assert "ords of" not in "".join(traceback.format_exception(caught.value))
