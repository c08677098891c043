"""What must not be lost where something other than a note is at fault: a rebuild, damage, an end at a bad moment."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from core.errors import IndexMismatch
from ingest import work
from ingest.sources import Reason
from tests.fakes.ingest_world import World, row

pytestmark = pytest.mark.integration


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_rebuilt_index_knows_nothing_of_the_sources_it_was_not_given(world: World) -> None:
    a, b = world.write("a", [row("a1")]), world.write("b", [row("b1", "p2")])
    world.ingest(a)
    world.ingest(b)
    world.ingest(a, rebuild=True)
    assert world.notes() == {"a1": "p1"}
    world.ingest(b)
    assert world.notes() == {"a1": "p1", "b1": "p2"}


def damage_first_vector(world: World) -> None:
    (path,) = world.index.glob("segments/*/vectors.f32")
    content = bytearray(path.read_bytes())
    content[10] ^= 1
    path.write_bytes(content)


def test_an_edit_of_a_damaged_note_fails_the_run_instead_of_taking_the_note_out(world: World) -> None:
    rows = [row(f"n{i:02}", f"p{i:02}") for i in range(20)]
    world.ingest(world.write("a", rows))
    damage_first_vector(world)
    rows[0] = row("n00", "p00", "PLAN:\nSomething else altogether.")
    with pytest.raises(IndexMismatch, match="verify"):
        world.ingest(world.write("a", rows))
    assert len(world.notes()) == 20


@pytest.mark.parametrize("error", [OSError("no more files"), MemoryError()])
def test_a_machine_at_its_end_fails_the_run_instead_of_taking_notes_out(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def process(*_: Any, **__: Any) -> None:
        raise error

    world.ingest(world.write("a", [row("n1")]))
    monkeypatch.setattr(work, "process", process)
    with pytest.raises(type(error)):
        world.ingest(world.write("a", [row("n1", text="PLAN:\nEdited.")]))
    assert world.notes() == {"n1": "p1"}


def test_a_note_that_our_rules_failed_on_is_tried_again_by_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def process(*_: Any, **__: Any) -> None:
        raise ValueError("tripped")

    path = world.write("a", [row(f"n{i}") for i in range(20)])
    monkeypatch.setattr(work, "process", process)
    assert world.ingest(path, max_bad_share=1, allow_empty=True).rejected[Reason.UNPROCESSABLE] == 20
    monkeypatch.undo()
    assert world.ingest(path).added == 20


def test_a_refused_run_reports_the_index_as_it_is(world: World) -> None:
    from ingest.outcome import Outcome

    world.ingest(world.write("a", [row(f"n{i}") for i in range(6)]))
    outcome = Outcome()
    with pytest.raises(Exception, match="half an export"):
        world.ingest(world.write("a", [row("n0")]), outcome=outcome)
    assert (outcome.index_notes, outcome.published) == (6, False)


def test_a_run_that_ends_after_the_pointer_moved_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingest.outcome import Outcome
    from vectorstore.writer import IndexWriter

    publish = IndexWriter.publish

    def and_then_the_end(writer: IndexWriter) -> int:
        publish(writer)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("unreachable")

    monkeypatch.setattr(IndexWriter, "publish", and_then_the_end)
    outcome = Outcome()
    with pytest.raises(KeyboardInterrupt):
        world.ingest(world.write("a", [row("n1")]), outcome=outcome)
    assert (outcome.published, outcome.generation) == (True, 1)
