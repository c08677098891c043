"""Readers under publication, and writers that are killed: always a whole generation, old or new."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.fakes.indexes import lined, open_store, publish
from vectorstore.verify import find_damage, live_manifest

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]
PATIENTS = [f"p{n}" for n in range(6)]

ENDLESS_WRITER = """
import itertools, sys
from pathlib import Path
from tests.fakes.indexes import lined, publish
root, start = Path(sys.argv[1]), int(sys.argv[2])
for number in itertools.count(start):
    names = [f"p{n}" for n in range(6) if (number + n) % 2]
    publish(root, {p: [lined(p, f"{p}/a", f"round {number}"), lined(p, f"{p}/b", f"round {number}")] for p in names})
    print(number, flush=True)
"""


def test_readers_see_whole_charts_while_generations_come_and_go(tmp_path: Path) -> None:
    def chart(patient: str, number: int) -> list:
        return [lined(patient, f"{patient}/{i}", f"round {number}") for i in range(3)]

    publish(tmp_path, {p: chart(p, 0) for p in PATIENTS}, keep=1)
    store = open_store(tmp_path)
    stop, failures, reads = threading.Event(), [], [0]

    def read() -> None:
        rng = random.Random(1)
        while not stop.is_set():
            try:
                store.refresh()
                generation, patient = store.generation, rng.choice(PATIENTS)
                texts = {generation.note(f"{patient}/{i}").text for i in range(3)}
                found = {hit.chunk.note_id for hit in generation.chart(patient).search("round", k=9)}
                if len(texts) != 1 or found != {f"{patient}/{i}" for i in range(3)}:
                    failures.append((generation.number, texts, found))
                reads[0] += 1
            except Exception as e:
                failures.append(e)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    opened = []
    for number in range(1, 41):
        publish(tmp_path, {p: chart(p, number) for p in PATIENTS if (number + int(p[1])) % 2}, keep=1)
        opened.append(sum(1 for _ in Path("/proc/self/fd").iterdir()))
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert reads[0] > 40
    assert max(opened[20:]) <= max(opened[:20]) + 8


def test_a_writer_killed_at_any_moment_leaves_a_whole_index(tmp_path: Path) -> None:
    rng, number, rounds = random.Random(5), 0, set()
    for _ in range(6):
        command = [sys.executable, "-c", ENDLESS_WRITER, str(tmp_path), str(number + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
            assert child.stdout is not None
            number = int(child.stdout.readline())
            time.sleep(rng.uniform(0, 0.08))
            os.kill(child.pid, signal.SIGKILL)
            number = max([number, *(int(line) for line in child.stdout.read().split())])
        manifest = live_manifest(tmp_path)
        assert manifest is not None
        assert find_damage(tmp_path, manifest) == []
        generation = open_store(tmp_path).generation
        rounds.add(generation.number)
        for patient in generation.patient_ids():
            chart = generation.chart(patient)
            assert len({chart.note(header.note_id).text for header in chart.headers}) == 1
    assert len(rounds) == 6
    publish(tmp_path, {"p0": [lined("p0", "p0/a", "the end")]}, keep=1)
    manifest = live_manifest(tmp_path)
    assert manifest is not None
    assert {path.name for path in (tmp_path / "segments").iterdir()} == {entry.name for entry in manifest.segments}


def test_open_files_do_not_grow_with_publications(tmp_path: Path) -> None:
    store, opened = open_store(tmp_path), []
    for number in range(60):
        publish(tmp_path, {"ann": [lined("ann", "n", f"round {number}")]}, keep=1)
        store.refresh()
        store.generation.chart("ann").search("round")
        opened.append(sum(1 for _ in Path("/proc/self/fd").iterdir()))
    assert max(opened[30:]) <= max(opened[:5])
