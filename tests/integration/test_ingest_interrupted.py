"""A run that ends before its time loses a few seconds of work, and the next one goes on where it stopped."""

from pathlib import Path
from typing import Any

import pytest

from core.errors import IngestFailed
from ingest import intake
from ingest.engines import local
from tests.fakes.ingest_world import World, row

pytestmark = pytest.mark.integration
NOTES = 40


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """One whose runs embed four notes at a time."""
    monkeypatch.setattr(local, "WINDOW_NOTES", 4)
    return World(tmp_path)


def notes_of(world: World, *, text: str = "") -> Path:
    return world.write("a", [row(f"n{i:02}", f"p{i % 5}", text and f"{text} {i}.") for i in range(NOTES)])


def interrupt(world: World, path: Path, error: type[BaseException], *, after: int, **changes: Any) -> None:
    """Run until so many texts were embedded."""

    def stop(texts: list[str]) -> None:
        if len(world.embedded) >= after:
            raise error

    world.before_embedding = stop
    with pytest.raises(error):
        world.ingest(path, **changes)
    world.before_embedding = lambda texts: None


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_the_next_run_takes_over_what_an_interrupted_one_had_finished(world: World, error: type[BaseException]) -> None:
    path = notes_of(world)
    interrupt(world, path, error, after=30)
    outcome = world.ingest(path)
    assert outcome.taken_over > 0
    assert outcome.taken_over + outcome.worked == outcome.added == NOTES
    assert "taken over from an interrupted run" in outcome.table()
    assert not (world.index / "staging").exists()


def test_what_is_published_after_an_interruption_is_what_would_have_been(world: World, tmp_path: Path) -> None:
    interrupt(world, notes_of(world), KeyboardInterrupt, after=30)
    world.ingest(notes_of(world))
    (tmp_path / "other").mkdir()
    other = World(tmp_path / "other")
    other.ingest(notes_of(other))
    assert world.content() == other.content()


def test_a_refresh_goes_on_where_it_stopped(world: World) -> None:
    world.ingest(notes_of(world))
    path = notes_of(world, text="Words of the second night")
    world.embedded.clear()
    interrupt(world, path, KeyboardInterrupt, after=20)
    assert world.live().number == 1
    outcome = world.ingest(path)
    assert outcome.taken_over > 0
    assert (outcome.changed, outcome.unchanged) == (NOTES, 0)
    assert len(world.embedded) == NOTES


def test_finished_notes_are_durable_every_few_seconds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = []
    monkeypatch.setattr(intake, "CHECKPOINT_S", 0.0)
    genuine = intake.Staging.commit

    def commit(self: intake.Staging) -> None:
        commits.append(self.notes)
        genuine(self)

    monkeypatch.setattr(intake.Staging, "commit", commit)
    world.ingest(notes_of(world))
    assert commits[:3] == [1, 2, 3]


def test_a_refused_run_keeps_its_work_for_the_mended_source(world: World) -> None:
    good = [row(f"n{i}") for i in range(10)]
    with pytest.raises(IngestFailed, match="2 of 12 rows"):
        world.ingest(world.write("a", [*good, "{broken", "{broken"]))
    world.embedded.clear()
    outcome = world.ingest(world.write("a", good))
    assert (outcome.taken_over, outcome.worked, world.embedded) == (10, 0, [])


def test_work_under_another_policy_or_of_edited_notes_is_not_taken_over(world: World) -> None:
    interrupt(world, notes_of(world), KeyboardInterrupt, after=30, policy="trust")
    assert world.ingest(notes_of(world), policy="mask").taken_over == 0


def test_an_interrupted_rebuild_goes_on_and_the_old_index_is_served_meanwhile(world: World) -> None:
    path = notes_of(world)
    world.ingest(path)
    interrupt(world, path, KeyboardInterrupt, after=len(world.embedded) + 30, rebuild=True)
    assert len(world.notes()) == NOTES
    outcome = world.ingest(path, rebuild=True)
    assert outcome.taken_over > 0
    assert (outcome.added, outcome.generation) == (NOTES, 2)


def test_what_a_run_keeps_for_itself_lies_in_the_index_folder_alone(world: World) -> None:
    beside = {path.name for path in world.root.iterdir()} | {"a.jsonl", "index"}
    seen: set[str] = set()

    def look(texts: list[str]) -> None:
        seen.update(path.name for path in world.root.iterdir())

    world.before_embedding = look
    (world.index / ".spool-of-a-killed-run").mkdir(parents=True)
    world.ingest(notes_of(world))
    assert seen == beside
    assert not list(world.index.glob(".spool*"))
