"""Readers under publication, and writers that are killed: always a whole generation, old or new."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.fakes.eager_opener import Opened, open_eagerly
from tests.fakes.indexes import lined, open_store, open_writer, publish, vectors_of
from tests.fakes.steady_reader import PATIENTS, Held, Seen, charts_of, grows, held_now, read_steadily
from vectorstore.layout import Layout
from vectorstore.verify import find_damage, live_manifest

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]

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


@pytest.mark.timeout(600)
def test_a_thousand_publications_under_readers_bring_no_error_no_wrong_answer_and_no_open_file_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing is killed here, so nothing need reach the disk. Waiting for it is a third of a publication on a quiet
    # disk, and two thirds of it beside others who write.
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    rng, rounds = random.Random(1), dict.fromkeys(PATIENTS, 0)
    publish(tmp_path, charts_of(rounds, PATIENTS))
    store, stop = open_store(tmp_path), threading.Event()
    seen, counts = list[Seen](), list[Held]()
    threads = [threading.Thread(target=lambda n=n: seen.append(read_steadily(store, stop, n))) for n in range(3)]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.steady_reader", str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    ) as child:  # fmt: skip
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        for thread in threads:
            thread.start()
        last = 0
        for number in range(1, 1001):
            changed = rng.sample(PATIENTS, 2)
            rounds.update(dict.fromkeys(changed, number))
            with open_writer(tmp_path, keep=2) as writer:
                for patient_id, notes in charts_of(rounds, changed).items():
                    writer.put_patient(patient_id, notes, vectors_of(notes))
                last = writer.publish()
                last = writer.compact() or last
            if number % 10 == 0:
                counts.append(held_now(tmp_path))
                child.stdin.write("count\n")
                child.stdin.flush()
        stop.set()
        for thread in threads:
            thread.join()
        report = json.loads(child.communicate()[0])
    assert [words for one in seen for words in one.wrong] == []
    assert report["wrong"] == []
    assert report["last"] == last
    # Otherwise nothing was read under publication.
    assert len(set().union(*(one.generations for one in seen))) > 100
    assert report["generations"] > 100
    # Some readers hold an older generation for a while, and segments come and go with compaction.
    assert not grows(counts, slack=Held(files=30, mapped=15))
    assert not grows([Held(**held) for held in report["held"]], slack=Held(files=20, mapped=10))
    # What the readers held was collected behind them: two generations and, at most, what each compacts.
    publish(tmp_path, {}, keep=2)
    assert len(Layout(tmp_path).generation_numbers()) <= 5


@pytest.mark.timeout(300)
def test_no_generation_is_opened_half_deleted_by_threads_or_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    publish(tmp_path, {"ann": [lined("ann", "n", "round 0")]})
    stop, seen = threading.Event(), list[Opened]()
    threads = [threading.Thread(target=lambda n=n: seen.append(open_eagerly(tmp_path, stop, n))) for n in range(2)]
    command = [sys.executable, "-m", "tests.fakes.eager_opener", str(tmp_path)]
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(2)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        for thread in threads:
            thread.start()
        for number in range(1, 301):
            publish(tmp_path, {"ann": [lined("ann", "n", f"round {number}")]}, keep=1)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        reports = [json.loads(child.communicate()[0]) for child in children]
    assert [words for one in seen for words in one.wrong] == []
    assert [report["wrong"] for report in reports] == [[], []]
    opened = sum(one.opened for one in seen) + sum(report["opened"] for report in reports)
    gone = sum(one.gone for one in seen) + sum(report["gone"] for report in reports)
    # Both ends of the race were met.
    assert min(opened, gone) > 20
    publish(tmp_path, {}, keep=1)
    assert len(Layout(tmp_path).generation_numbers()) == 1


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
