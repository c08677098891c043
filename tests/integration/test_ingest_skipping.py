"""Files that are as they were are not read; whatever could change what they come to makes them be read."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest import intake
from ingest.fingerprints import FILE
from ingest.sources import READERS
from ingest.tombstones import Tombstones
from tests.fakes.ingest_world import World, row
from vectorstore.pointer import Pointer, read_pointer, write_pointer

pytestmark = pytest.mark.integration


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were read, in order."""
    names: list[str] = []

    def watched(files: Any, *rest: Any) -> Iterator[Any]:
        names.extend(path.name for path in files)
        return READERS["jsonl"](files, *rest)

    monkeypatch.setattr(intake, "READERS", {**READERS, "jsonl": watched})
    return names


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_nothing_is_read_again_while_nothing_changes(world: World, read: list[str]) -> None:
    path = world.write("a", [row("n1"), row("n2")])
    world.ingest(path)
    checked = (world.index / "CURRENT").stat().st_mtime_ns
    os.utime(path, (1, 1))
    read.clear()
    outcome = world.ingest(path)
    assert (read, outcome.not_read, outcome.unchanged, outcome.published) == ([], ("a",), 2, False)
    assert (world.index / "CURRENT").stat().st_mtime_ns > checked
    assert "not read, files unchanged" in outcome.table()


def test_it_can_be_asked_for(world: World, read: list[str]) -> None:
    path = world.write("a", [row("n1")])
    world.ingest(path)
    read.clear()
    assert world.ingest(path, skip_unchanged=False).rows == 1
    assert read == ["a.jsonl"]


@pytest.mark.parametrize("changes", [{"policy": "trust"}, {"max_note_chars": 5000}, {"source": "b"}, {"rebuild": True}])
def test_other_rules_or_another_name_make_it_be_read(world: World, read: list[str], changes: dict[str, Any]) -> None:
    path = world.write("a", [row("n1")])
    world.ingest(path)
    read.clear()
    world.ingest(path, max_bad_share=1, allow_empty=True, **changes)
    assert read == ["a.jsonl"]


def test_other_bytes_make_it_be_read_even_at_the_same_size_and_time(world: World, read: list[str]) -> None:
    path = world.write("a", [row("n1", text="Well.")])
    os.utime(path, (1, 1))
    world.ingest(path)
    world.write("a", [row("n1", text="Ill!!")])
    os.utime(path, (1, 1))
    assert world.ingest(path).changed == 1


def test_another_generation_than_the_one_it_made_makes_it_be_read(world: World, read: list[str]) -> None:
    first = world.write("a", [row("n1", text="First night.")])
    world.ingest(first)
    before = read_pointer(world.index / "CURRENT")
    assert isinstance(before, Pointer)
    second = world.write("a", [row("n1", text="Second night.")])
    world.ingest(second)
    write_pointer(world.index / "CURRENT", before)
    assert world.live().chart("p1").note("n1").text == "First night."
    assert world.ingest(second).changed == 1
    assert world.live().chart("p1").note("n1").text == "Second night."


def test_a_tombstone_or_its_lifting_makes_it_be_read(world: World, read: list[str]) -> None:
    path = world.write("a", [row("n1", "p1"), row("n2", "p2")])
    world.ingest(path)
    stones = Tombstones.read(world.index)
    stones.add("p2", at="2026-01-01T00:00:00Z")
    world.ingest(path)
    assert world.notes() == {"n1": "p1"}
    stones.lift("p2")
    world.ingest(path)
    assert world.notes() == {"n1": "p1", "n2": "p2"}


def test_a_source_that_was_not_read_whole_is_read_again(world: World, read: list[str]) -> None:
    folder = world.root / "notes"
    folder.mkdir()
    world.write("notes/a", [row("a1")])
    (folder / "b.jsonl").write_bytes(b"\x1f\x8bbroken")
    for _ in range(2):
        read.clear()
        world.ingest(folder, max_bad_share=1)
        assert read == ["a.jsonl", "b.jsonl"]


def test_a_file_that_changes_while_it_is_read_is_read_again(world: World, read: list[str]) -> None:
    path = world.write("a", [row("n1")])
    world.before_embedding = lambda texts: os.utime(path, (1, 1))
    world.ingest(path)
    read.clear()
    world.ingest(path)
    assert read == ["a.jsonl"]


def test_only_the_source_that_changed_is_read(world: World, read: list[str]) -> None:
    a, b = world.write("a", [row("a1"), row("a2")]), world.write("b", [row("b1")])
    world.ingest(a, b)
    read.clear()
    outcome = world.ingest(a, world.write("b", [row("b1"), row("b2")]))
    assert (read, outcome.not_read) == (["b.jsonl"], ("a",))
    assert (outcome.added, outcome.unchanged) == (1, 3)
    assert sorted(world.notes()) == ["a1", "a2", "b1", "b2"]
    read.clear()
    assert world.ingest(a, b).not_read == ("a", "b")
    assert read == []


def test_a_run_over_one_source_does_not_make_the_others_be_read(world: World, read: list[str]) -> None:
    a = world.write("a", [row("a1")])
    world.ingest(a)
    world.ingest(world.write("b", [row("b1")]))
    read.clear()
    world.ingest(a)
    assert read == []


def test_a_row_that_waits_for_another_source_to_let_go_of_its_id_is_not_lost(world: World, read: list[str]) -> None:
    a = world.write("a", [row("shared", text="Words of a."), row("a1")])
    b = world.write("b", [row("shared", text="Words of b."), row("b1")])
    world.ingest(a, b, max_bad_share=1)
    read.clear()
    assert world.ingest(a, b, max_bad_share=1).not_read == ("a", "b")
    world.ingest(world.write("a", [row("a1")]), b, max_bad_share=1)
    assert read == ["a.jsonl", "b.jsonl", "b.jsonl"], "the second time for the row that a stood in the way of"
    assert world.live().chart("p1").note("shared").text == "Words of b."


def test_a_damaged_list_of_fingerprints_costs_a_reading(world: World, read: list[str]) -> None:
    path = world.write("a", [row("n1")])
    world.ingest(path)
    for content in (b"", b"[]", b'{"manifest_sha256": 1}', b"\xff"):
        (world.index / FILE).write_bytes(content)
        read.clear()
        world.ingest(path)
        assert read == ["a.jsonl"]


def test_the_words_of_a_text_folder_and_its_names_count(world: World) -> None:
    folder = world.root / "texts"
    (folder / "p1").mkdir(parents=True)
    (folder / "p1" / "2026-01-01 visit.txt").write_text("Well.")
    world.ingest(folder)
    assert world.ingest(folder).not_read == ("texts",)
    (folder / "p1" / "2026-01-01 visit.txt").rename(folder / "p1" / "2026-01-02 visit.txt")
    assert world.ingest(folder).not_read == ()
    assert list(world.notes()) == ["p1/2026-01-02 visit"]


@pytest.mark.parametrize("pipe", ["p1/pipe.txt", "p1/pipe", ".pipe"])
def test_a_pipe_among_text_files_is_passed_over(world: World, pipe: str) -> None:
    folder = world.root / "charts"
    (folder / "p1").mkdir(parents=True)
    (folder / "p1" / "a.txt").write_text("Takes aspirin.")
    os.mkfifo(folder / pipe)
    assert world.ingest(folder).added == 1
    assert world.ingest(folder).not_read == ("charts",)
