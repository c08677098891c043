"""What a refresh makes of notes that change, move, come twice, or come in any order."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import IndexMismatch, IngestFailed
from ingest import processing, work
from ingest.deidentify import Identifier
from ingest.sources import Reason
from ingest.tombstones import Tombstones
from tests.fakes.ingest_world import World, process_by_lines, row

pytestmark = pytest.mark.integration
PARTS = {part: f"{part}:\nStays as it is, said of {part.lower()}." for part in ("PLAN", "MEDICATIONS", "ALLERGIES")}


def text_of(**changed: str) -> str:
    return "\n\n".join((PARTS | changed).values())


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_what_an_edit_left_alone_keeps_its_vectors(world: World) -> None:
    world.ingest(world.write("a", [row("n1", text=text_of()), row("n2")]))
    before = world.live().stored_notes("p1", ["n1"])[0]
    world.embedded.clear()
    outcome = world.ingest(world.write("a", [row("n1", text=text_of(PLAN="PLAN:\nAnother plan.")), row("n2")]))
    assert [text for text in world.embedded if "Another plan" not in text] == []
    assert (outcome.embedded, outcome.reused, outcome.worked, outcome.changed) == (1, 2, 1, 1)
    after = world.live().stored_notes("p1", ["n1"])[0]
    kept = [text for text in after.chunk_texts if text in before.chunk_texts]
    assert len(kept) == 2
    for text in kept:
        vectors = [note.vectors[note.chunk_texts.index(text)] for note in (before, after)]
        np.testing.assert_array_equal(*vectors)


def test_a_note_that_moves_to_another_patient_takes_its_vectors_along(world: World) -> None:
    world.ingest(world.write("a", [row("n1", "p1"), row("n2", "p1")]))
    world.embedded.clear()
    outcome = world.ingest(world.write("a", [row("n1", "p0"), row("n2", "p1")]))
    assert world.notes() == {"n1": "p0", "n2": "p1"}
    assert world.embedded == []
    assert (outcome.added, outcome.removed, outcome.unchanged) == (1, 1, 1)


def test_a_note_moves_even_where_part_of_its_source_cannot_be_read(world: World) -> None:
    folder = world.root / "notes"
    folder.mkdir()
    for name in ("a", "b"):
        world.write(f"notes/{name}", [row(f"{name}1", "p1"), row(f"{name}2", "p1")])
    world.ingest(folder)
    world.write("notes/a", [row("a1", "p0")])
    (folder / "b.jsonl").write_bytes(b"\x1f\x8bbroken")
    world.ingest(folder, max_bad_share=1)
    assert world.notes() == {"a1": "p0", "a2": "p1", "b1": "p1", "b2": "p1"}


def test_the_order_of_a_source_makes_no_difference(world: World, tmp_path: Path) -> None:
    rows = [row(f"{p}/{n}", f"p{p}", charted_at=f"20{n:02}") for p in range(7) for n in range(9)]
    world.ingest(world.write("a", rows))
    random.Random(4).shuffle(rows)
    (tmp_path / "other").mkdir()
    other = World(tmp_path / "other")
    other.ingest(other.write("a", rows))
    assert other.content() == world.content()
    outcome = world.ingest(world.write("a", rows))
    assert (outcome.unchanged, outcome.published) == (63, False)


def test_an_id_with_two_texts_stays_with_the_first_in_one_source_or_in_two(world: World) -> None:
    first, second = row("n1", text="First words."), row("n1", text="Other words.")
    outcome = world.ingest(world.write("a", [first, second, row("n2")]), max_bad_share=1)
    assert outcome.rejected == {Reason.DUPLICATE_ID: 1}
    outcome = world.ingest(
        world.write("a", [first, row("n2")]), world.write("b", [second, first, row("b1")]), max_bad_share=1
    )
    assert outcome.rejected == {Reason.DUPLICATE_ID: 1, Reason.DUPLICATE: 1}
    assert world.live().chart("p1").note("n1").text == "First words."


def test_a_patient_of_fifty_thousand_chunks_is_written_and_refreshed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "process", process_by_lines)
    notes = [row(f"n{n:03}", text="\n".join(f"Line {n} {i}." for i in range(500))) for n in range(100)]
    assert world.ingest(world.write("a", [*notes, row("small", "p0")])).chunks >= 50_000
    notes[50] = row("n050", text=notes[50]["text"] + "\nOne more line.")
    world.embedded.clear()
    outcome = world.ingest(world.write("a", [*notes, row("small", "p0")]))
    assert world.embedded == ["One more line."]
    assert (outcome.chunks, outcome.reused, outcome.patients) == (50_001, 500, 1)
    assert len(world.live().chart("p1").search("One more line.", k=3)) == 3


def test_a_source_that_lost_more_than_half_of_its_notes_is_refused_with_both_numbers(world: World) -> None:
    world.ingest(world.write("a", [row(f"n{i}") for i in range(10)]), world.write("b", [row("b1", "p2")]))
    half = world.write("a", [row(f"n{i}") for i in range(4)])
    with pytest.raises(IngestFailed, match=r"source 'a' holds 4 notes.* has 10 .*--allow-shrink"):
        world.ingest(half)
    assert len(world.notes()) == 11
    assert world.ingest(half, max_shrink=0.3).removed == 6


@pytest.mark.parametrize("kept", [0, 1])
def test_a_smaller_source_is_taken_when_that_is_meant(world: World, kept: int) -> None:
    world.ingest(world.write("a", [row(f"n{i}") for i in range(10)]), world.write("b", [row("b1", "p2")]))
    outcome = world.ingest(world.write("a", [row("n0")][:kept]), allow_shrink=True)
    assert outcome.removed == 10 - kept
    assert len(world.notes()) == 1 + kept


def test_a_source_that_cannot_be_read_whole_is_not_taken_for_a_smaller_one(world: World) -> None:
    folder = world.root / "notes"
    folder.mkdir()
    for name in ("a", "b", "c"):
        world.write(f"notes/{name}", [row(f"{name}1"), row(f"{name}2")])
    world.ingest(folder)
    for name in ("b", "c"):
        (folder / f"{name}.jsonl").write_bytes(b"\x1f\x8bbroken")
    outcome = world.ingest(folder, max_bad_share=1)
    assert (outcome.removed, outcome.incomplete, len(world.notes())) == (0, ("notes",), 6)


def test_allowing_an_empty_source_allows_no_smaller_one(world: World) -> None:
    world.ingest(world.write("a", [row(f"n{i}") for i in range(10)]))
    with pytest.raises(IngestFailed, match="--allow-shrink"):
        world.ingest(world.write("a", [row("n0")]), allow_empty=True)


def test_other_rules_ask_for_a_rebuild_and_the_index_is_served_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = world.write("a", [row("n1"), row("n2")])
    world.ingest(path)
    served = world.live()
    monkeypatch.setattr(processing, "FACTS_VERSION", "next")
    with pytest.raises(IndexMismatch, match="REBUILD=1"):
        world.ingest(path)
    assert world.live().number == served.number
    outcome = world.ingest(path, rebuild=True)
    assert (outcome.added, outcome.published) == (2, True)
    assert served.chart("p1").note("n1").text


def test_another_model_asks_for_a_rebuild_and_the_index_is_served_meanwhile(world: World) -> None:
    path = world.write("a", [row("n1")])
    world.ingest(path)
    other = replace(world.spec, weight_digest="1" * 64)
    world.spec, served = other, world.spec
    with pytest.raises(IndexMismatch, match="REBUILD=1"):
        world.ingest(path)
    world.spec = served
    assert world.live().number == 1
    world.spec = other
    assert world.ingest(path, rebuild=True).added == 1
    assert world.live().manifest.embedding == other


class Watched:
    """A detector whose rules can change."""

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.seen = 0

    def detect(self, text: str) -> list[Identifier]:
        self.seen += 1
        return []


def test_changed_rules_of_masking_are_applied_once_and_what_comes_out_alike_is_not_embedded(world: World) -> None:
    path = world.write("a", [row("n1"), row("n2", "p2")])
    world.detector = Watched()
    world.ingest(path)
    world.embedded.clear()
    world.detector = newer = Watched("2")
    outcome = world.ingest(path)
    assert (newer.seen, outcome.unchanged, outcome.worked, world.embedded) == (2, 2, 0, [])
    world.ingest(path, skip_unchanged=False)
    assert newer.seen == 2


def test_rows_of_an_erased_patient_leave_no_trace_but_a_number(world: World) -> None:
    kept = [row(f"k{i}", "kept") for i in range(3)]
    gone = [row("g1", "gone"), row("g2", "gone", text=" "), row("g1", "gone")]
    Tombstones.read(world.index).add("gone", at="2026-01-01T00:00:00Z")
    outcome = world.ingest(world.write("a", [*kept, *gone]))
    assert outcome.rejected == {Reason.ERASED: 3}
    assert (set(world.notes().values()), outcome.quarantined, outcome.report) == ({"kept"}, 0, None)
    assert not world.live().has("gone")
    assert "left out: erased" in outcome.table()


def test_a_source_of_erased_patients_alone_is_not_taken_for_empty(world: World) -> None:
    Tombstones.read(world.index).add("gone", at="2026-01-01T00:00:00Z")
    assert world.ingest(world.write("a", [row("g1", "gone")])).rejected == {Reason.ERASED: 1}


def test_facts_can_be_left_out_and_such_an_index_mixes_with_no_other(world: World) -> None:
    path = world.write("a", [row("n1")])
    world.ingest(path, facts=False)
    chart = world.live().chart("p1")
    assert chart.sentences() and not chart.facts()
    with pytest.raises(IndexMismatch):
        world.ingest(path)
