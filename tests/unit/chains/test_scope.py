from dataclasses import dataclass

import pytest

from chains.scope import Scope, latest_stay, scope_of
from core.records import NoteHeader, SkippedNote, SummaryRequest


@dataclass
class Headers:
    headers: tuple[NoteHeader, ...]
    skipped: tuple[SkippedNote, ...] = ()


def header(note_id: str, charted_at: str | None, note_type: str = "Progress note") -> NoteHeader:
    return NoteHeader(note_id, "p", None, note_type, charted_at, 10)


CHART = Headers(
    (
        header("u", None),
        header("a", "2019-03-04"),
        header("b", "2019-03-04T10:15:00", "Radiology"),
        header("c", "2020-01-01"),
    )
)


def considered(**fields: object) -> set[str]:
    return set(scope_of(SummaryRequest("p", **fields), CHART).note_ids)


def test_without_a_filter_every_note_counts() -> None:
    assert considered() == {"u", "a", "b", "c"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"since": "2019-03-04"}, {"a", "b", "c"}),
        ({"since": "2019-03-04T11:00:00"}, {"a", "c"}),
        ({"until": "2019-03-04"}, {"a", "b"}),
        ({"until": "2019-12"}, {"a", "b"}),
        ({"since": "2019-03-05", "until": "2019-12-31"}, set()),
        ({"note_types": ("radiology",)}, {"b"}),
    ],
)
def test_window_and_types_keep_the_notes_they_name(fields: dict[str, object], expected: set[str]) -> None:
    assert considered(**fields) == expected


def test_a_note_left_out_is_listed_with_its_reason() -> None:
    scope = scope_of(SummaryRequest("p", since="2020-01-01", note_types=("Progress note",)), CHART)
    assert {(s.note_id, s.reason) for s in scope.skipped} == {
        ("u", "undated"),
        ("a", "before_window"),
        ("b", "note_type"),
    }


def test_rows_set_aside_at_ingest_stay_listed() -> None:
    chart = Headers((), (SkippedNote("x", "empty"),))
    assert scope_of(SummaryRequest("p"), chart).skipped == (SkippedNote("x", "empty"),)


def stay(note_id: str, charted_at: str, note_type: str, encounter_id: str | None) -> NoteHeader:
    return NoteHeader(note_id, "p", encounter_id, note_type, charted_at, 10)


def stay_of(*headers: NoteHeader) -> set[str]:
    return set(latest_stay(Scope(headers, ())).note_ids)


def test_the_latest_stay_is_the_encounter_of_the_last_discharge_summary() -> None:
    notes = (
        stay("a", "2019-01-01", "Discharge summary", "e1"),
        stay("b", "2020-01-01", "Progress note", "e2"),
        stay("c", "2020-01-03", "Discharge summary", "e2"),
        stay("d", "2020-02-01", "Clinic letter", None),
    )
    assert stay_of(*notes) == {"b", "c"}


def test_a_summary_without_an_encounter_stands_alone() -> None:
    notes = (stay("a", "2019-01-01", "Progress note", None), stay("b", "2019-01-02", "Discharge summary", None))
    assert stay_of(*notes) == {"b"}


def test_a_patient_never_discharged_has_no_stay() -> None:
    assert stay_of(stay("a", "2019-01-01", "Clinic letter", None)) == set()
