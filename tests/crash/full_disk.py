"""`python -m tests.crash.full_disk`: runs that find the disk full, and complete once there is space.

Two ways: from each point of a run on, whatever needs space is refused; and on a small disk of memory, mounted for this
process alone (`unshare -rm`), a ballast leaves more and more space, from none to enough.
"""

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.child import UNDISTURBED, Children, Work
from tests.crash.harness import Broken, State, expect, live_number
from tests.crash.leftovers import leftovers
from tests.crash.nights import export
from tests.crash.one_thread import start_without_threads
from tests.crash.runs import Place
from tests.crash.scenes import Scene, Theatre
from tests.crash.watch import Fate

PAGE = 4096
SCENES = ("build", "compaction")


@dataclass(slots=True)
class Seen:
    """How the runs ended: refusals by the phase they came in, and how many completed."""

    refused_in: Counter[str] = field(default_factory=Counter)
    completed: int = 0


class FullDisk:
    """Every refusal must be told in a sentence, leave the live generation whole, and be over once there is space."""

    def __init__(self, root: Path, *, patients: int) -> None:
        self._root = root
        self.children = Children(root / "child.log")
        self.theatre = Theatre(root, self.children, seed=3, patients=patients)
        self.scenes = [scene for scene in self.theatre.scenes if scene.name in SCENES]
        self.seen = Seen()

    def at_every_point(self) -> None:
        """Refuse all that needs space from each point on."""
        for scene in self.scenes:
            for point in range(1, len(scene.points) + 1):
                place = self._staged(scene, self._root / "stage")
                self._refuse(scene, place, Fate(full_from=point), f"full from point {point} of {scene.name} on")
                self._complete(scene, place)

    def on_small_disk(self, disk: Path, steps: int) -> None:
        """Leave from nothing to what a run needs; the last pages one by one, as the last files are small."""
        for scene in self.scenes:
            place = self._staged(scene, disk / "stage")
            empty = _free(disk)
            self._complete(scene, place)
            # What a run holds for a while comes on top of what it leaves.
            needed = 2 * max(PAGE, empty - _free(disk))
            for free in sorted({needed * step // steps // PAGE * PAGE for step in range(steps + 1)}):
                place = self._staged(scene, disk / "stage")
                ballast = disk / "ballast"
                with ballast.open("wb") as file:
                    os.posix_fallocate(file.fileno(), 0, max(PAGE, _free(disk) - free))
                self._refuse(scene, place, UNDISTURBED, f"{scene.name} with {free} bytes free")
                ballast.unlink()
                self._complete(scene, place)

    def _staged(self, scene: Scene, root: Path) -> Place:
        place = Place(scene.stage(root).root, self._root / "exported")
        export(scene.after, place.export)
        return place

    def _refuse(self, scene: Scene, place: Place, fate: Fate, moment: str) -> None:
        before = live_number(place)
        ended = self.children.run(place.index, _command(scene, place), fate)
        if ended.status == 0:
            self.seen.completed += 1
        elif ended.status == 1 and "ingest: " in ended.said and "run again" in ended.said:
            refused = ended.points[fate.full_from - 1] if fate.full_from else ended.phase
            self.seen.refused_in[refused] += 1
        else:
            raise Broken(f"{moment}: exit code {ended.status}, told {ended.said!r}")
        published = live_number(place) != before
        if ended.status == 0 and not published:
            raise Broken(f"{moment}: exit code 0 and nothing was published")
        if ended.status == 1 and published != (f"generation {live_number(place)} is live" in ended.said):
            raise Broken(f"{moment}: published is {published}, and told was {ended.said!r}")
        try:
            expect(place, State(scene.after, scene.chunk_tokens) if published else State(scene.before))
        except AssertionError as e:
            raise Broken(f"{moment}, in {ended.phase}, told {ended.said!r}: {e}") from e

    def _complete(self, scene: Scene, place: Place) -> None:
        self.children.finish(place.index, _command(scene, place))
        expect(place, State(scene.after, scene.chunk_tokens))
        left = leftovers(place, self.theatre.at_rest)
        if left:
            raise Broken(f"{scene.name} after a full disk left behind: {left}")


def _command(scene: Scene, place: Place) -> Work:
    return lambda: place.command(chunk_tokens=scene.chunk_tokens, rebuild=bool(scene.changes.get("rebuild")))


def _free(disk: Path) -> int:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.full_disk")
    parser.add_argument("--disk", type=Path, help="where a small disk is mounted; without it, points are refused")
    parser.add_argument("--steps", type=int, default=12, help="amounts of free space to try in each scene")
    parser.add_argument("--patients", type=int, default=14)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="anamnesis-full-") as folder:
        full = FullDisk(Path(folder), patients=options.patients)
        if options.disk:
            full.on_small_disk(options.disk, options.steps)
        else:
            full.at_every_point()
    print(json.dumps({"refused_in": full.seen.refused_in, "completed": full.seen.completed}))
    return 0


if __name__ == "__main__":
    start_without_threads("tests.crash.full_disk")
    sys.exit(main())
