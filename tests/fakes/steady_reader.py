"""A reader that never rests, and knows what is right: each publication says in a note of its own what all others say.

`python -m tests.fakes.steady_reader DIR` reads until its input ends, then prints what it saw as JSON.
"""

import json
import random
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from core.records import ProcessedNote
from tests.fakes.indexes import lined, open_store
from vectorstore.generation import Generation
from vectorstore.store import Store

PATIENTS = tuple(f"p{n}" for n in range(6))
NOTES = 3
_REST_S = 0.02


def charts_of(rounds: Mapping[str, int], changed: Sequence[str]) -> dict[str, list[ProcessedNote]]:
    """The charts of a publication: `rounds` is the truth about every patient, `changed` are written anew."""
    charts = {p: [lined(p, f"{p}/{i}", f"round {rounds[p]}") for i in range(NOTES)] for p in changed}
    return {**charts, "truth": [lined("truth", "truth", json.dumps(rounds))]}


@dataclass
class Seen:
    """What a reader saw: how often it read, which generations, what was wrong."""

    reads: int = 0
    generations: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


def read_steadily(store: Store, stop: threading.Event, seed: int) -> Seen:
    """Follow the pointer and read, now and then from a generation that was held for a while, until told to stop."""
    rng, seen = random.Random(seed), Seen()
    held = store.generation
    while not stop.is_set() and len(seen.wrong) < 5:
        try:
            store.refresh()
            seen.wrong += mistakes(store.generation, rng.choice(PATIENTS))
            seen.generations.add(store.generation.number)
            if rng.random() < 0.1:
                seen.wrong += mistakes(held, rng.choice(PATIENTS))
                held = store.generation
            seen.reads += 1
        except Exception as e:
            seen.wrong.append(repr(e))
        stop.wait(_REST_S)
    return seen


def mistakes(generation: Generation, patient: str) -> list[str]:
    """What a generation says of a patient that it should not, by every way of asking."""
    told = f"round {json.loads(generation.note('truth').text)[patient]}"
    chart = generation.chart(patient)
    ids = {f"{patient}/{i}" for i in range(NOTES)}
    answers = {
        "notes": {generation.note(note_id).text for note_id in ids} == {told},
        "chart": {item.note.text for item in chart.processed()} == {told},
        "search": {hit.chunk.note_id for hit in chart.search(told, k=9)} == ids,
        "vectors": len(chart.vectors()) == NOTES,
        "owner": {generation.patient_of(note_id) for note_id in ids} == {patient},
        "list": [row.patient_id for row in generation.patients().patients] == [*PATIENTS, "truth"],
    }
    return [f"{name} of generation {generation.number}" for name, right in answers.items() if not right]


@dataclass(frozen=True)
class Held:
    """What this process holds of an index: open files, and mapped files, deleted ones included."""

    files: int
    mapped: int


def held_now(root: Path) -> Held:
    """Count them."""
    maps = Path("/proc/self/maps").read_text().splitlines()
    return Held(sum(1 for _ in Path("/proc/self/fd").iterdir()), sum(str(root) in line for line in maps))


def grows(counts: Sequence[Held], *, slack: Held) -> bool:
    """Whether the last third of what was counted holds more than the second, but for what comes and goes."""
    third = len(counts) // 3
    before, after = counts[third : 2 * third], counts[2 * third :]
    return (
        max(c.files for c in after) > max(c.files for c in before) + slack.files
        or max(c.mapped for c in after) > max(c.mapped for c in before) + slack.mapped
    )


def main() -> None:
    """Read in two threads until the input ends; count what is held meanwhile."""
    root = Path(sys.argv[1])
    store, stop, counts, seen = open_store(root), threading.Event(), list[Held](), list[Seen]()
    threads = [threading.Thread(target=lambda n=n: seen.append(read_steadily(store, stop, n))) for n in range(2)]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    for _ in sys.stdin:
        counts.append(held_now(root))
    stop.set()
    for thread in threads:
        thread.join()
    # What was published last must be what is read last.
    store.refresh()
    wrong = [words for one in seen for words in one.wrong] + mistakes(store.generation, PATIENTS[0])
    report = {
        "reads": sum(one.reads for one in seen),
        "generations": len(set().union(*(one.generations for one in seen))),
        "last": store.generation.number,
        "wrong": wrong,
        "held": [asdict(count) for count in counts],
    }
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
