"""The ingest job against a real store, with a small made-up embedder."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import IndexMismatch, IngestFailed
from core.records import Note
from ingest import work
from ingest.sources import Reason
from tests.fakes.ingest_world import Row, World, row

pytestmark = pytest.mark.integration


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_publishes_charts_whose_chunks_and_facts_can_be_found(world: World) -> None:
    outcome = world.ingest(
        world.write("a", [row("n2", charted_at="2021"), row("x", "p2"), row("n1", charted_at="2020")])
    )
    chart = world.live().chart("p1")
    assert [h.note_id for h in chart.headers] == ["n1", "n2"]
    assert any(fact.name == "lisinopril" for fact in chart.facts())
    assert len(chart.search("lisinopril", k=2)) == 2
    assert (outcome.added, outcome.generation, outcome.published) == (3, 1, True)


def test_a_second_run_over_the_same_notes_publishes_and_embeds_nothing(world: World) -> None:
    path = world.write("a", [row("n1"), row("n2")])
    world.ingest(path)
    world.embedded.clear()
    outcome = world.ingest(path)
    assert (outcome.unchanged, outcome.published, outcome.generation) == (2, False, 1)
    assert world.embedded == []


def test_only_what_changed_is_embedded_again(world: World) -> None:
    world.ingest(world.write("a", [row("n1"), row("n2"), row("n3", "p2")]))
    before = world.live().chart("p1").chunk_vectors()["n1"].copy()
    world.embedded.clear()
    outcome = world.ingest(world.write("a", [row("n1"), row("n2", text="Stopped aspirin."), row("n3", "p2")]))
    assert world.embedded == ["Stopped aspirin."]
    assert (outcome.changed, outcome.unchanged, outcome.patients) == (1, 2, 1)
    after = world.live().chart("p1")
    assert after.note("n2").text == "Stopped aspirin."
    assert (after.chunk_vectors()["n1"] == before).all()


def test_a_note_that_left_its_source_leaves_the_index_and_so_does_a_patient_without_notes(world: World) -> None:
    world.ingest(world.write("a", [row("n1"), row("n2"), row("n3", "p2")]))
    outcome = world.ingest(world.write("a", [row("n1")]), allow_shrink=True)
    assert world.notes() == {"n1": "p1"}
    assert outcome.removed == 2


def test_other_sources_are_left_alone_even_within_a_patient(world: World) -> None:
    world.ingest(world.write("a", [row("a1"), row("a2"), row("z", "p9")]))
    world.ingest(world.write("b", [row("b1")]))
    outcome = world.ingest(world.write("b", [row("b2")]))
    assert set(world.notes()) == {"a1", "a2", "z", "b2"}
    assert (outcome.added, outcome.removed, outcome.unchanged) == (1, 1, 0)
    assert world.live().chart("p1").note_sources() == {"a1": "a", "a2": "a", "b2": "b"}


def test_a_note_that_moves_to_another_patient_is_found_there_alone(world: World) -> None:
    world.ingest(world.write("a", [row("n1", "p1"), row("n2", "p1")]))
    world.ingest(world.write("a", [row("n1", "p0"), row("n2", "p1")]))
    assert world.notes() == {"n1": "p0", "n2": "p1"}


def test_bad_rows_are_reported_counted_and_shown_in_the_patients_coverage(world: World) -> None:
    bad: list[Row | str] = ["{broken", row("e", text=" "), row("d", charted_at="never"), row("n1", text="Another one.")]
    outcome = world.ingest(world.write("a", [row("n1"), row("n1"), row("n2", "p2"), *bad]), max_bad_share=0.8)
    assert outcome.rejected == {
        Reason.DUPLICATE: 1,
        Reason.BAD_ROW: 1,
        Reason.EMPTY_NOTE: 1,
        Reason.INVALID_DATE: 1,
        Reason.DUPLICATE_ID: 1,
    }
    assert (outcome.rows, outcome.added, outcome.quarantined) == (7, 2, 4)
    chart = world.live().chart("p1")
    assert chart.quarantined == 3
    assert {(s.note_id, s.reason) for s in chart.skipped} == {
        ("e", "empty_note"),
        ("d", "invalid_date"),
        ("n1", "duplicate_id"),
    }
    assert outcome.report is not None
    assert len(outcome.report.read_text().splitlines()) == 5
    assert "Another one" not in outcome.report.read_text()


def test_coverage_follows_the_source_that_set_rows_aside(world: World) -> None:
    world.ingest(world.write("a", [row("a1"), row("bad a", text=" ")]), max_bad_share=1)
    world.ingest(world.write("b", [row("b1"), row("bad b", text=" ")]), max_bad_share=1)
    assert {s.note_id for s in world.live().chart("p1").skipped} == {"bad a", "bad b"}
    outcome = world.ingest(world.write("b", [row("b1"), row("bad b")]))
    assert (outcome.added, outcome.published) == (1, True)
    assert {s.note_id for s in world.live().chart("p1").skipped} == {"bad a"}
    assert world.live().chart("p1").quarantined == 1


def test_a_patient_all_of_whose_notes_were_set_aside_is_there_and_says_so(world: World) -> None:
    world.ingest(world.write("a", [row("n1"), row("bad", "p2", text=" ")]), max_bad_share=1)
    chart = world.live().chart("p2")
    assert (chart.headers, chart.quarantined) == ((), 1)


def test_too_many_bad_rows_fail_the_run_which_publishes_nothing_and_names_the_report(world: World) -> None:
    world.ingest(world.write("a", [row("n1")]))
    with pytest.raises(IngestFailed, match=r"2 of 3 rows of source 'a' are bad.*quarantine") as failure:
        world.ingest(world.write("a", [row("n2"), row("e", text=" "), "{broken"]))
    assert world.notes() == {"n1": "p1"}
    report = Path(str(failure.value).rpartition("see ")[2])
    assert len(report.read_text().splitlines()) == 2


def test_one_good_source_does_not_hide_a_bad_one(world: World) -> None:
    good, bad = world.write("good", [row(f"g{i}") for i in range(50)]), world.write("bad", ["{broken", row("b")])
    with pytest.raises(IngestFailed, match="source 'bad'"):
        world.ingest(good, bad)


def test_a_source_that_holds_nothing_does_not_empty_the_index_unasked(world: World) -> None:
    world.ingest(world.write("a", [row("n1")]))
    with pytest.raises(IngestFailed, match="--allow-empty"):
        world.ingest(world.write("a", []))
    assert world.notes() == {"n1": "p1"}
    world.ingest(world.write("a", []), allow_empty=True)
    assert world.notes() == {}


def test_a_file_that_cannot_be_read_to_its_end_fails_the_run(world: World) -> None:
    (world.root / "a.csv.gz").write_bytes(b"\x1f\x8bbroken")
    with pytest.raises(IngestFailed, match=r"a\.csv\.gz cannot be read \(cut short"):
        world.ingest(world.root / "a.csv.gz", max_bad_share=1)


@pytest.mark.parametrize(("content", "why"), [("", "it has no columns; columns note_id"), ("a,b\n", "columns note_id")])
def test_a_table_without_the_columns_fails_the_run_and_says_so(world: World, content: str, why: str) -> None:
    (world.root / "a.csv").write_text(content)
    with pytest.raises(IngestFailed, match=rf"a\.csv cannot be read \({why}, .* are needed\)"):
        world.ingest(world.root / "a.csv", max_bad_share=1)


def test_one_unreadable_file_of_many_removes_nothing(world: World) -> None:
    folder = world.root / "fhir"
    folder.mkdir()
    for name in ("a", "b"):
        document = {
            "resourceType": "DocumentReference",
            "id": name,
            "subject": {"reference": f"Patient/{name}"},
            "content": [{"attachment": {"contentType": "text/plain", "data": "V2VsbC4="}}],
        }
        (folder / f"{name}.json").write_text(json.dumps({"resourceType": "Bundle", "entry": [{"resource": document}]}))
    world.ingest(folder)
    (folder / "b.json").write_text('{"resourceType": "Bundle", "entry": [')
    outcome = world.ingest(folder, max_bad_share=1)
    assert world.notes() == {"a": "a", "b": "b"}
    assert outcome.incomplete == ("fhir",)
    assert "nothing removed" in outcome.table()


def test_a_note_id_that_another_source_holds_is_set_aside(world: World) -> None:
    world.ingest(world.write("a", [row("n1"), row("n2")]))
    changed = [row("n1", text="Other words."), row("n1", "p5"), row("n2"), row("b1", "p5")]
    outcome = world.ingest(world.write("b", changed), max_bad_share=1)
    assert outcome.rejected == {Reason.DUPLICATE_ID: 2, Reason.DUPLICATE: 1}
    assert world.notes() == {"n1": "p1", "n2": "p1", "b1": "p5"}
    assert world.live().chart("p1").note_sources() == {"n1": "a", "n2": "a"}


def test_identifiers_are_masked_before_offsets_are_fixed(world: World) -> None:
    outcome = world.ingest(
        world.write("a", [row("n1", text="PLAN:\nSeen by Dr. Okonkwo, MRN 448812. Take aspirin 81 mg.")])
    )
    chart = world.live().chart("p1")
    text = chart.note("n1").text
    assert text == "PLAN:\nSeen by Dr. [NAME], MRN [MRN]. Take aspirin 81 mg."
    assert all(text[s.start : s.end].strip() == text[s.start : s.end] for s in chart.sentences())
    assert [text[f.start : f.end] for f in chart.facts() if f.name == "aspirin"] == ["aspirin 81 mg"]
    assert outcome.identifiers.total() == 2
    assert not any("Okonkwo" in text for text in world.embedded)


def test_under_the_quarantine_policy_notes_with_identifiers_are_set_aside_without_failing_the_run(world: World) -> None:
    rows = [row("clean"), row("dirty", text="Seen by Dr. Okonkwo.")]
    outcome = world.ingest(world.write("a", rows), policy="quarantine")
    assert set(world.notes()) == {"clean"}
    assert outcome.rejected == {Reason.IDENTIFIERS: 1}
    assert world.live().chart("p1").quarantined == 1


def test_trust_stores_the_source_as_it_is(world: World) -> None:
    world.ingest(world.write("a", [row("n1", text="Seen by Dr. Okonkwo.")]), policy="trust")
    assert world.live().chart("p1").note("n1").text == "Seen by Dr. Okonkwo."


def test_a_crash_leaves_the_live_index_and_the_next_run_is_clean(world: World) -> None:
    world.ingest(world.write("a", [row("n1")]))
    more = world.write("a", [row("n1"), row("n2")])

    def fail(texts: list[str]) -> None:
        raise MemoryError

    world.before_embedding = fail
    with pytest.raises(MemoryError):
        world.ingest(more)
    world.before_embedding = lambda texts: None
    assert set(world.notes()) == {"n1"}
    world.ingest(more)
    assert set(world.notes()) == {"n1", "n2"}


def test_a_note_the_rules_trip_over_is_set_aside(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = work.process

    def trip(note: Note, source: str, **options: Any) -> Any:
        if note.note_id == "n2":
            raise RecursionError
        return genuine(note, source, **options)

    monkeypatch.setattr(work, "process", trip)
    outcome = world.ingest(world.write("a", [row("n1"), row("n2")]), max_bad_share=1)
    assert (outcome.added, outcome.rejected) == (1, {Reason.UNPROCESSABLE: 1})
    assert [(s.note_id, s.reason) for s in world.live().chart("p1").skipped] == [("n2", "unprocessable")]
    with pytest.raises(IngestFailed, match="1 of 2 rows"):
        world.ingest(world.write("a", [row("n1"), row("n2", text="new")]))


def test_another_chunk_length_is_refused_until_the_index_is_rebuilt(world: World) -> None:
    path = world.write("a", [row("n1")])
    world.ingest(path)
    with pytest.raises(IndexMismatch):
        world.ingest(path, chunk_tokens=32)
    outcome = world.ingest(path, chunk_tokens=32, rebuild=True)
    assert (outcome.added, outcome.published) == (1, True)


def test_two_inputs_of_one_name_are_refused_unless_they_are_one_source(world: World) -> None:
    first = world.write("a", [row("n1")])
    (world.root / "other").mkdir()
    second = world.root / "other" / "a.jsonl"
    second.write_text(json.dumps(row("n2")) + "\n")
    with pytest.raises(IngestFailed, match="--source"):
        world.ingest(first, second)
    world.ingest(first, second, source="joined")
    assert world.live().chart("p1").note_sources() == {"n1": "joined", "n2": "joined"}
