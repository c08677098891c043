"""Reading a generation: listings, notes by id, charts that stay what they were."""

from pathlib import Path

import pytest

from core.errors import InvalidRequest, NoteNotFound, PatientNotFound
from tests.fakes.indexes import lined, open_store, publish

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
