"""`python -m tests.crash.publisher ROOT`: one publication after the other, for a service to follow.

Charts of the steady patients are edited only, so that their notes are always there; the others come and go. Now and
then it rolls back. `ROOT/history/<generation>.json` has the texts of each generation, `ROOT/kinds.json` what was done.
"""

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.nights import Author, Night
from tests.crash.runs import Place
from vectorstore.rollback import roll_back

STEADY = 8
PATIENTS = 20
ROLLBACK_EVERY = 7


def steady(patient_id: str) -> bool:
    """Whether a patient is one who stays."""
    return patient_id < f"p{STEADY:02d}"


@dataclass(slots=True)
class Publisher:
    """Publishes night after night."""

    root: Path
    author: Author
    kinds: Counter[str] = field(default_factory=Counter)
    history: dict[int, Night] = field(default_factory=dict)

    def begin(self) -> Night:
        """The first generation."""
        night = self.author.first_night(PATIENTS)
        self._ingest(night)
        return night

    def go_on(self, night: Night, publications: int) -> Night:
        """One more publication after so many. Returns the night that is live then."""
        if publications % ROLLBACK_EVERY == ROLLBACK_EVERY - 1:
            number = roll_back(self.root / "index").number
            self.kinds["rollback"] += 1
            return self.history[number]
        coming = self.author.next_night(night)
        same = {note_id: note for note_id, note in night.items() if steady(note.patient_id)}
        edited = {i: n for i, n in coming.items() if i in same and n.patient_id == same[i].patient_id}
        others = {i: n for i, n in coming.items() if i not in same and not steady(n.patient_id)}
        night = {**same, **edited, **others}
        self._ingest(night)
        return night

    def _ingest(self, night: Night) -> None:
        outcome = Place(self.root).ingest(night)
        self.kinds["refresh"] += 1
        numbers = [outcome.generation]
        if outcome.compacted:
            numbers.append(outcome.compacted)
            self.kinds["compaction"] += 1
        for number in numbers:
            self.history[number] = night
            path = self.root / "history" / f"{number}.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps({note_id: note.text for note_id, note in night.items()}))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.publisher")
    parser.add_argument("root", type=Path)
    parser.add_argument("--every", type=float, default=0.5, help="seconds between publications")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long")
    options = parser.parse_args()
    publisher = Publisher(options.root, Author(7))
    night = publisher.begin()
    print("ready", flush=True)
    sys.stdin.readline()
    until, count = time.monotonic() + options.seconds, 0
    while time.monotonic() < until:
        coming = time.monotonic() + options.every
        night = publisher.go_on(night, count)
        count += 1
        time.sleep(max(0.0, coming - time.monotonic()))
    (options.root / "kinds.json").write_text(json.dumps(publisher.kinds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
