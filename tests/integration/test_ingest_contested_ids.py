"""An id that two sources bring: who has it depends neither on the order of reading nor on what is left unread."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest import intake
from ingest.outcome import Outcome
from ingest.sources import READERS, Reason
from tests.fakes.ingest_world import Row, World, row

pytestmark = pytest.mark.integration
either_order = pytest.mark.parametrize("first", ["holder", "other"])
OTHERS = row("n1", "p2", text="Words of the other.")


class Contest(World):
    """Two sources: `holder` has n1 in the index, `other` wants it. The source named `first` is read first."""

    first = "holder"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.other = [row("o1", "p2")]
        self.write_holder([row("n1", text="Words of the holder."), row("h1")])
        self.refresh()

    def write_holder(self, rows: list[Row]) -> None:
        """What the holder brings: a folder with one note a file."""
        (self.root / "holder").mkdir(exist_ok=True)
        for path in (self.root / "holder").iterdir():
            path.unlink()
        for note in rows:
            self.write(f"holder/{note['note_id']}", [note])

    def refresh(self, **changes: Any) -> Outcome:
        """A run over both sources."""
        paths = [self.root / "holder", self.write("other", self.other)]
        return self.ingest(*(paths if self.first == "holder" else paths[::-1]), max_bad_share=1, **changes)

    def text(self) -> str:
        """The text of n1, as the index has it."""
        return self.live().chart(self.notes()["n1"]).note("n1").text

    def check_settled(self) -> None:
        """Another run finds nothing to do, in either order and even where it reads everything."""
        before = self.content()
        for self.first in ("holder", "other"):
            for skip in (True, False):
                assert not self.refresh(skip_unchanged=skip).published
        assert self.content() == before


@pytest.fixture
def world(tmp_path: Path) -> Contest:
    return Contest(tmp_path)


@either_order
@pytest.mark.parametrize("skip", [True, False])
def test_the_source_of_the_live_note_keeps_its_id(world: Contest, first: str, skip: bool) -> None:
    world.first, world.other = first, [OTHERS, row("o1", "p2")]
    outcome = world.refresh(skip_unchanged=skip)
    assert (outcome.rejected, outcome.removed, outcome.worked) == ({Reason.DUPLICATE_ID: 1}, 0, 0)
    assert outcome.not_read == (("holder",) if skip else ())
    assert world.text() == "Words of the holder."
    assert [(s.note_id, s.source) for s in world.live().chart("p2").skipped] == [("n1", "other")]
    world.check_settled()


@either_order
def test_it_keeps_the_id_with_other_words_and_with_another_patient(world: Contest, first: str) -> None:
    world.first, world.other = first, [OTHERS, row("o1", "p2")]
    world.write_holder([row("n1", "p3", text="Newer words."), row("h1")])
    world.refresh()
    assert (world.notes()["n1"], world.text()) == ("p3", "Newer words.")
    world.check_settled()


@either_order
def test_a_source_that_cannot_be_read_whole_keeps_all_its_ids(world: Contest, first: str) -> None:
    world.first, world.other = first, [OTHERS, row("o1", "p2")]
    (world.root / "holder" / "n1.jsonl").write_bytes(b"\x1f\x8bbroken")
    outcome = world.refresh()
    assert (outcome.incomplete, outcome.removed, outcome.rejected[Reason.DUPLICATE_ID]) == (("holder",), 0, 1)
    assert (world.notes()["n1"], world.text()) == ("p1", "Words of the holder.")


@either_order
def test_an_id_that_its_source_drops_passes_to_the_other_in_the_same_run(world: Contest, first: str) -> None:
    world.first, world.other = first, [OTHERS, row("n1", "p2", text="A second time."), row("o1", "p2")]
    world.refresh()
    world.write_holder([row("h1")])
    outcome = world.refresh()
    assert (outcome.rows, outcome.rejected, outcome.worked) == (4, {Reason.DUPLICATE_ID: 1}, 1)
    assert (world.notes()["n1"], world.text()) == ("p2", "Words of the other.")
    world.check_settled()


@either_order
def test_a_note_that_goes_from_one_source_to_the_other_is_never_missing(world: Contest, first: str) -> None:
    same = row("n1", text="Words of the holder.")
    world.first, world.other = first, [same, row("o1", "p2")]
    assert world.refresh(skip_unchanged=False).rejected == {Reason.DUPLICATE: 1}
    world.write_holder([row("h1")])
    world.embedded.clear()
    assert world.refresh().rejected == {}
    assert (world.text(), world.live().chart("p1").note_sources()["n1"]) == ("Words of the holder.", "other")
    assert world.embedded == []
    world.check_settled()


def test_a_row_that_is_not_found_again_comes_in_with_the_next_run(
    world: Contest, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings: list[str] = []

    def replaced(files: Any, *rest: Any) -> Iterator[Any]:
        name = files[0].name
        readings.append(name)
        return READERS["jsonl"]([] if name == "other.jsonl" and readings.count(name) == 2 else files, *rest)

    world.other = [OTHERS, row("o1", "p2")]
    world.write_holder([row("h1")])
    monkeypatch.setattr(intake, "READERS", {**READERS, "jsonl": replaced})
    outcome = world.refresh()
    assert (outcome.rejected, outcome.incomplete) == ({Reason.DUPLICATE_ID: 1}, ("other",))
    assert "n1" not in world.notes()
    assert world.refresh().added == 1
    assert world.text() == "Words of the other."


def test_a_rebuilt_index_gives_an_id_to_the_first_row(world: Contest) -> None:
    world.first, world.other = "other", [OTHERS, row("o1", "p2")]
    world.refresh()
    world.refresh(rebuild=True)
    assert world.text() == "Words of the other."


def test_an_id_whose_row_was_set_aside_goes_to_no_other_for_want_of_reading(tmp_path: Path) -> None:
    world = World(tmp_path)
    dirty, clean = row("n1", text="Seen by Dr. Okonkwo."), row("n1", text="Seen by nobody.")

    def refresh(a: list[Row], b: list[Row]) -> Outcome:
        return world.ingest(world.write("a", a), world.write("b", b), policy="quarantine", max_bad_share=1)

    refresh([dirty, row("a1")], [clean, row("b1")])
    for a, b in (([dirty, row("a1")], [clean, row("b1"), row("b2")]), ([dirty, row("a2")], [clean, row("b1")])):
        outcome = refresh(a, b)
        assert outcome.not_read == ()
        assert outcome.rejected == {Reason.IDENTIFIERS: 1, Reason.DUPLICATE_ID: 1}
        assert "n1" not in world.notes()
    assert not refresh(a, b).published
