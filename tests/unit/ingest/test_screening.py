from dataclasses import replace
from pathlib import Path

import pytest

from core.records import Note
from ingest import screening
from ingest.deidentify import Identifier, PatternDetector, Policy
from ingest.screening import LiveNotes, RowDigests
from tests.fakes.indexes import lined, open_store, publish
from vectorstore.generation import Generation
from vectorstore.segment import NoteState

KEY = b"k" * 32
NOTE = Note("n", "p", None, "note", "2020", "Well.")


class Detector:
    version = "other"

    def detect(self, text: str) -> list[Identifier]:
        return []


def digest(note: Note = NOTE, source: str = "s", *, key: bytes = KEY, policy: Policy = "mask") -> str:
    return RowDigests(key, policy=policy, detector=PatternDetector()).of(note, source).row


def test_a_digest_covers_every_field_the_source_the_policy_and_the_key() -> None:
    others = [
        digest(replace(NOTE, note_id="m")),
        digest(replace(NOTE, patient_id="q")),
        digest(replace(NOTE, encounter_id="e")),
        digest(replace(NOTE, note_type="letter")),
        digest(replace(NOTE, charted_at=None)),
        digest(replace(NOTE, text="Well!")),
        digest(source="t"),
        digest(policy="trust"),
        digest(key=b"l" * 32),
        RowDigests(KEY, policy="mask", detector=Detector()).of(NOTE, "s").row,
    ]
    assert len({digest(), *others}) == 1 + len(others)
    assert digest() == digest()


def test_fields_do_not_run_together() -> None:
    assert digest(replace(NOTE, note_id="ab", patient_id="c")) != digest(replace(NOTE, note_id="a", patient_id="bc"))
    assert digest(replace(NOTE, note_id="n1:p", patient_id="q")) != digest(
        replace(NOTE, note_id="n", patient_id="1:pq")
    )
    assert digest(replace(NOTE, charted_at=None, text="4:2020Well.")) != digest(NOTE)


def test_what_a_source_is_called_is_no_part_of_a_rows_content() -> None:
    digests = RowDigests(KEY, policy="mask", detector=PatternDetector())
    assert digests.of(NOTE, "s").content == digests.of(NOTE, "t").content


def test_whoever_trusts_the_source_need_not_care_about_the_detector() -> None:
    rows = [RowDigests(KEY, policy="trust", detector=d).of(NOTE, "s") for d in (PatternDetector(), Detector())]
    assert rows[0] == rows[1]


def test_a_note_is_found_with_its_patient_or_with_another(tmp_path: Path) -> None:
    publish(tmp_path, {"p": [lined("p", "a", "One.")], "q": [lined("q", "b", "Two.")]})
    live = LiveNotes(open_store(tmp_path).generation)
    assert [place and place.patient_id for place in (live.find("a", "p"), live.find("b", "p"))] == ["p", "q"]
    assert live.find("c", "p") is None
    assert LiveNotes(None).find("a", "p") is None


def test_a_sorted_source_asks_once_per_patient_and_memory_stays_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path, {p: [lined(p, f"{p}{i}", "One.") for i in range(3)] for p in "pqr"})
    generation = open_store(tmp_path).generation
    asked: list[str] = []
    genuine = Generation.note_states

    def watched(self: Generation, patient_id: str) -> dict[str, NoteState]:
        asked.append(patient_id)
        return genuine(self, patient_id)

    monkeypatch.setattr(Generation, "note_states", watched)
    monkeypatch.setattr(screening, "_STATES", 8)
    live = LiveNotes(generation)
    for patient_id in ("p", "p", "q", "p", "r", "p", "q"):
        assert live.find(f"{patient_id}1", patient_id)
    assert asked == ["p", "q", "r", "q"]
