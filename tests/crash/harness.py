"""Kills writers and looks at what they left."""

import gc
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.crash.child import ChildFailed, Children, Ended
from tests.crash.expectation import CHUNK_TOKENS, differences, live
from tests.crash.leftovers import leftovers
from tests.crash.nights import Night
from tests.crash.power import PowerCut
from tests.crash.runs import Place
from tests.crash.scenes import Scene, Theatre, ingesting
from tests.crash.tally import Tally
from tests.crash.watch import Fate
from vectorstore.layout import Layout
from vectorstore.pointer import read_pointer

MOST_KILLS_IN_A_ROW = 3
POINTS_SHARE = 0.75


class Broken(AssertionError):
    """Something that must not be after a kill."""


@dataclass(frozen=True, slots=True)
class State:
    """What is live: a night (None: nothing) and how long its chunks are."""

    night: Night | None
    chunk_tokens: int = CHUNK_TOKENS


class Harness:
    """Every kill is followed by a look at the live generation, and in the end by a run that has to complete."""

    def __init__(self, root: Path, *, seed: int = 1, patients: int = 16) -> None:
        self.children = Children(root / "child.log")
        self.tally = Tally()
        self._rng = random.Random(seed)
        self._stage = root / "stage"
        self._journal = root / "journal"
        self.theatre = Theatre(root, self.children, seed=seed, patients=patients)

    def run(self, kills: int) -> Tally:
        """Kill at the points of all scenes, every other time as a power cut, then at random moments.

        Where there are more points than three quarters of the kills, every so many-th of them is taken.
        """
        began = time.monotonic()
        points = [(scene, point) for scene in self.theatre.scenes for point in range(1, len(scene.points) + 1)]
        for number, (scene, point) in enumerate(points[:: math.ceil(len(points) / (POINTS_SHARE * kills))]):
            self._at_point(scene, point, power=number % 2 == 0)
        while self.tally.total < kills:
            self._at_random_moments(self._rng.choice(self.theatre.scenes))
        self.tally.seconds = time.monotonic() - began
        return self.tally

    def _at_point(self, scene: Scene, point: int, *, power: bool) -> None:
        place = scene.stage(self._stage)
        cut = PowerCut(place.index, self._journal) if power else None
        fate = Fate(kill_at=point, journal=cut.journal if cut else None)
        kill = partial(self.children.run, place.index, scene.work(place), fate)
        after = State(scene.after, scene.chunk_tokens)
        self._survive(scene, f"at point {point}", kill, place, State(scene.before), after, cut)
        self._go_on(f"{scene.name} at point {point}", place, scene)

    def _at_random_moments(self, scene: Scene) -> None:
        """Up to three runs are killed in a row, each bringing the night after the one before."""
        place = scene.stage(self._stage)
        state, night = State(scene.before), scene.after
        for kills in range(1, (1 if scene.act else self._rng.randint(1, MOST_KILLS_IN_A_ROW)) + 1):
            seconds = self._rng.uniform(0, scene.seconds)
            work = scene.work(place) if scene.act else ingesting(place, night, **scene.changes)
            kill = partial(self.children.run, place.index, work, kill_after_s=seconds)
            moment = f"after {seconds:.4f} s, run {kills}"
            state = self._survive(scene, moment, kill, place, state, State(night, scene.chunk_tokens), None)
            night = self._coming(night)
        self._go_on(f"{scene.name} at random moments", place, scene)

    def _survive(
        self,
        scene: Scene,
        moment: str,
        kill: Callable[[], Ended],
        place: Place,
        before: State,
        after: State,
        cut: PowerCut | None,
    ) -> State:
        """Kill, and see that what is live then is the old state or the new one, whole. Returns which."""
        number = live_number(place)
        ended = kill()
        if cut is not None:
            cut.strike()
        self.tally.count(scene.name, ended.killed_in, power=cut is not None)
        published = not live(place.index).has(scene.erased) if scene.erased else live_number(place) != number
        state = after if published else before
        self.tally.live["new" if state is after else "old"] += 1
        try:
            expect(place, state)
        except AssertionError as e:
            raise Broken(f"{scene.name} killed in {ended.killed_in} {moment}, power cut {cut is not None}: {e}") from e
        return state

    def _go_on(self, moment: str, place: Place, scene: Scene) -> None:
        """The next run completes, now with the same night, now with the one after, and tidies up."""
        night = self._coming(scene.before if scene.erased and scene.before else scene.after)
        try:
            if scene.erased:
                self.children.finish(place.index, scene.work(place))
            self.children.finish(place.index, ingesting(place, night, **scene.changes))
            expect(place, State(scene.less_erased(night), scene.chunk_tokens))
            left = leftovers(place, self.theatre.at_rest)
        except (AssertionError, ChildFailed) as e:
            raise Broken(f"the run after a kill in {moment}: {e}") from e
        if left:
            raise Broken(f"the run after a kill in {moment} left behind: {left}")

    def _coming(self, night: Night) -> Night:
        return night if self._rng.random() < 0.5 else self.theatre.author.next_night(night)


def expect(place: Place, state: State) -> None:
    if state.night is None:
        return
    wrong = differences(live(place.index), state.night, chunk_tokens=state.chunk_tokens)
    # What is held open here would be held open by the next child too.
    gc.collect()
    if wrong:
        raise Broken("; ".join(wrong[:5]))
    damage = place.damage()
    if damage:
        raise Broken(f"verify says: {damage}")


def live_number(place: Place) -> int:
    pointer = read_pointer(Layout(place.index).pointer)
    return pointer.number if pointer else 0
