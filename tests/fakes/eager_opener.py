"""A reader that opens whichever generation it finds, at the very moment when it may be on its way out.

`python -m tests.fakes.eager_opener DIR` opens until its input ends, then prints what it saw as JSON.
"""

import json
import random
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import IndexUnavailable
from tests.fakes.indexes import EMBEDDINGS
from vectorstore.examination import Files
from vectorstore.kept import open_kept
from vectorstore.layout import Layout


@dataclass
class Opened:
    """How often a generation was opened, how often it was gone, and what was wrong with one that was open."""

    opened: int = 0
    gone: int = 0
    wrong: list[str] = field(default_factory=list)


def open_eagerly(root: Path, stop: threading.Event, seed: int) -> Opened:
    """Open one after another until told to stop. While one is open, every file of it must be there and be right."""
    rng, seen, layout = random.Random(seed), Opened(), Layout(root)
    while not stop.is_set() and len(seen.wrong) < 5:
        try:
            numbers = layout.generation_numbers()
        except FileNotFoundError:
            # A folder went away while they were being listed.
            continue
        # The oldest is the next to go.
        number = numbers[0] if rng.random() < 0.7 else rng.choice(numbers)
        try:
            generation = open_kept(root, number, EMBEDDINGS)
        except IndexUnavailable:
            seen.gone += 1
            continue
        except Exception as e:
            seen.wrong.append(repr(e))
            continue
        if rng.random() < 0.5:
            stop.wait(rng.uniform(0, 0.02))
        seen.wrong += [f"{damage.path} {damage.problem}" for damage in Files(root).damage(generation.manifest)]
        seen.opened += 1
    return seen


def main() -> None:
    """Open in two threads until the input ends."""
    root, stop, seen = Path(sys.argv[1]), threading.Event(), list[Opened]()
    threads = [
        threading.Thread(target=lambda n=n: seen.append(open_eagerly(root, stop, n)))  # type: ignore[misc]
        for n in range(2)
    ]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join()
    wrong = [words for one in seen for words in one.wrong]
    report = {"opened": sum(one.opened for one in seen), "gone": sum(one.gone for one in seen), "wrong": wrong}
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
