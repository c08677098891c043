"""The situations in which a writer is killed: what there is before, what the run shall make of it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.crash.child import Children, Work
from tests.crash.expectation import CHUNK_TOKENS
from tests.crash.leftovers import kinds
from tests.crash.nights import Author, Night
from tests.crash.runs import KEEP, Place
from tests.crash.watch import Phase

MOST_NIGHTS = 40


@dataclass(slots=True)
class Scene:
    """`before` is what is live (None: nothing), `after` what is live after the work. `points` are those of a whole one.

    The work is a nightly run, or what `act` does. An erasure names the patient in `erased`: no later run has them.
    """

    name: str
    folder: Path
    before: Night | None
    after: Night
    changes: dict[str, Any] = field(default_factory=dict)
    act: Callable[[Place], int] | None = None
    erased: str | None = None
    points: list[Phase] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def chunk_tokens(self) -> int:
        """How long chunks are after the run."""
        return int(self.changes.get("chunk_tokens", CHUNK_TOKENS))

    def work(self, place: Place) -> Work:
        """The work that is killed."""
        if self.act is not None:
            return partial(self.act, place)
        return ingesting(place, self.after, **self.changes)

    def less_erased(self, night: Night) -> Night:
        """A night as a run takes it in."""
        return {note_id: note for note_id, note in night.items() if note.patient_id != self.erased}

    def stage(self, root: Path) -> Place:
        """A copy of the scene to be worked on, in place of the one before it."""
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.folder, root)
        return Place(root)


def ingesting(place: Place, night: Night, **changes: Any) -> Work:
    """A nightly run as the work of a child."""

    def work() -> int:
        place.ingest(night, **changes)
        return 0

    return work


class Theatre:
    """Builds the scenes; `at_rest` are the kinds of files found where no run was ever interrupted."""

    def __init__(self, root: Path, children: Children, *, seed: int, patients: int) -> None:
        self.root = root
        self.author = Author(seed)
        self._children = children
        self.at_rest: frozenset[str] = frozenset()
        # What is compiled and cached on first use need not be so in every child.
        Place(root / "warm").ingest(Author(0).first_night(8))
        self.scenes = self._scenes(patients)
        for scene in self.scenes:
            place = scene.stage(root / "stage")
            ended = children.finish(place.index, scene.work(place))
            scene.points, scene.seconds = ended.points, ended.seconds
            self.at_rest |= kinds(place)

    def _scenes(self, patients: int) -> list[Scene]:
        first = self.author.first_night(patients)
        second = self.author.next_night(first)
        history = Place(self.root / "history")
        (self.root / "nothing").mkdir(parents=True)
        earlier = first
        for _ in range(KEEP):
            # Enough generations that the next one makes an old one garbage.
            self._publish(history, first)
            earlier, first = first, self.author.next_night(first)
        self._publish(history, first)
        shorter = {"rebuild": True, "chunk_tokens": CHUNK_TOKENS // 2}
        return [
            Scene("build", self.root / "nothing", None, first),
            self._scene(history, "unchanged", first, first),
            self._scene(history, "refresh", first, second),
            self._scene(history, "rebuild", first, second, **shorter),
            self._scene(history, "rollback", first, earlier, act=Place.roll_back),
            self._erasure(history, first),
            self._until_compaction(history, first),
        ]

    def _erasure(self, history: Place, night: Night) -> Scene:
        """A patient who is in every kept generation leaves all of them."""
        patient = sorted({note.patient_id for note in night.values()})[1]
        scene = self._scene(history, "erasure", night, night, erased=patient, act=lambda place: place.erase(patient))
        scene.after = scene.less_erased(night)
        return scene

    def _until_compaction(self, history: Place, night: Night) -> Scene:
        """Nights go by until one makes the writer compact: that one is the scene."""
        for _ in range(MOST_NIGHTS):
            coming = self.author.next_night(night)
            scene = self._scene(history, "compaction", night, coming)
            if Phase.COMPACTION in self._publish(history, coming):
                return scene
            night = coming
        raise AssertionError(f"the writer did not compact in {MOST_NIGHTS} nights")

    def _scene(
        self,
        history: Place,
        name: str,
        before: Night,
        after: Night,
        act: Callable[[Place], int] | None = None,
        erased: str | None = None,
        **changes: Any,
    ) -> Scene:
        folder = self.root / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(history.root, folder)
        return Scene(name, folder, before, after, changes, act, erased)

    def _publish(self, history: Place, night: Night) -> list[Phase]:
        points = self._children.finish(history.index, ingesting(history, night)).points
        self.at_rest |= kinds(history)
        return points
