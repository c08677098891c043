"""Counts of kills by what the writer was doing."""

import json
from collections import Counter
from dataclasses import dataclass, field

from tests.crash.watch import PHASES, Phase


@dataclass(slots=True)
class Tally:
    """How many kills fell into which phase of which scene, and what was live afterwards."""

    kills: Counter[tuple[str, Phase]] = field(default_factory=Counter)
    live: Counter[str] = field(default_factory=Counter)
    in_time: int = 0
    power_cuts: int = 0
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """All kills."""
        return self.kills.total()

    def count(self, scene: str, phase: Phase | None, *, power: bool) -> None:
        """One more kill; without a phase the run had ended before it came."""
        if phase is None:
            self.in_time += 1
        else:
            self.kills[scene, phase] += 1
            self.power_cuts += power

    def phases(self) -> dict[Phase, int]:
        """Kills by phase, every phase named."""
        return {phase: sum(n for (_, p), n in self.kills.items() if p is phase) for phase in PHASES}

    def to_json(self) -> str:
        """The counts for those who run the harness as a process."""
        counts = {
            "kills": self.total,
            "by_phase": self.phases(),
            "power_cuts": self.power_cuts,
            "live_afterwards": self.live,
            "over_before": self.in_time,
            "seconds": self.seconds,
        }
        return json.dumps(counts, indent=1) + "\n"

    def table(self) -> str:
        """One line a scene, one column a phase."""
        scenes = list(dict.fromkeys(scene for scene, _ in self.kills))
        rows = [["killed in", *PHASES, "all"]]
        for scene in scenes:
            counts = [self.kills[scene, phase] for phase in PHASES]
            rows.append([scene, *map(str, counts), str(sum(counts))])
        rows.append(["all", *(str(n) for n in self.phases().values()), str(self.total)])
        width = max(len(cell) for row in rows for cell in row) + 1
        lines = [row[0].ljust(width) + "".join(cell.rjust(width) for cell in row[1:]) for row in rows]
        after = ", ".join(f"{name} {count}" for name, count in sorted(self.live.items()))
        notes = f"{self.power_cuts} as power cuts; live afterwards: {after}; over before the kill came: {self.in_time}"
        return "\n".join([*lines, notes])
