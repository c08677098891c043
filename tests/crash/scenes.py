"""The situations in which a writer is killed: what there is before, what the run shall make of it."""

import shutil
from dataclasses import dataclass, field
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
    """`before` is what is live (None: nothing), `after` what the run publishes. `points` are those of a whole run."""

    name: str
    folder: Path
    before: Night | None
    after: Night
    changes: dict[str, Any] = field(default_factory=dict)
    points: list[Phase] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def chunk_tokens(self) -> int:
        """How long chunks are after the run."""
        return int(self.changes.get("chunk_tokens", CHUNK_TOKENS))

    def work(self, place: Place) -> Work:
        """The run that is killed."""
        return ingesting(place, self.after, **self.changes)

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
        for _ in range(KEEP):
            # Enough generations that the next one makes an old one garbage.
            self._publish(history, first)
            first = self.author.next_night(first)
        self._publish(history, first)
        shorter = {"rebuild": True, "chunk_tokens": CHUNK_TOKENS // 2}
        return [
            Scene("build", self.root / "nothing", None, first),
            self._scene(history, "unchanged", first, first),
            self._scene(history, "refresh", first, second),
            self._scene(history, "rebuild", first, second, **shorter),
            self._until_compaction(history, first),
        ]

    def _until_compaction(self, history: Place, night: Night) -> Scene:
        """Nights go by until one makes the writer compact: that one is the scene."""
        for _ in range(MOST_NIGHTS):
            coming = self.author.next_night(night)
            scene = self._scene(history, "compaction", night, coming)
            if Phase.COMPACTION in self._publish(history, coming):
                return scene
            night = coming
        raise AssertionError(f"the writer did not compact in {MOST_NIGHTS} nights")

    def _scene(self, history: Place, name: str, before: Night, after: Night, **changes: Any) -> Scene:
        folder = self.root / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(history.root, folder)
        return Scene(name, folder, before, after, changes)

    def _publish(self, history: Place, night: Night) -> list[Phase]:
        points = self._children.finish(history.index, ingesting(history, night)).points
        self.at_rest |= kinds(history)
        return points
