"""What is collected follows from what was published after what, and from nothing else."""

import json
import os
import random
import time
from pathlib import Path

import pytest

from core.errors import IndexMismatch
from tests.fakes.indexes import EMBEDDINGS, lined, open_store, open_writer, publish
from vectorstore.collection import Uses, collect, fresh_number, kept_numbers
from vectorstore.kept import open_kept
from vectorstore.layout import Layout
from vectorstore.pointer import Pointer, Vouched

DIGEST = "0" * 64


def uses(follows: int | None = None, compacts: int | None = None) -> Uses:
    return Uses(follows, compacts, frozenset())


def test_the_live_generation_and_those_before_it_are_kept() -> None:
    line = {1: uses(), 2: uses(1), 3: uses(2), 4: uses(3)}
    assert kept_numbers(Pointer(4, DIGEST), line, 3) == {4, 3, 2}
    assert kept_numbers(Pointer(4, DIGEST), line, 1) == {4}
    assert kept_numbers(Pointer(2, DIGEST), line, 3) == {2, 1}


def test_a_generation_and_its_compaction_count_as_one() -> None:
    line = {1: uses(), 2: uses(1), 3: uses(2, compacts=2), 4: uses(3), 5: uses(4, compacts=4)}
    assert kept_numbers(Pointer(5, DIGEST), line, 1) == {5, 4}
    assert kept_numbers(Pointer(5, DIGEST), line, 2) == {5, 4, 3, 2}
    assert kept_numbers(Pointer(5, DIGEST), line, 3) == {5, 4, 3, 2, 1}
    # Where what was compacted is gone, the next one counts for itself.
    assert kept_numbers(Pointer(5, DIGEST), {1: uses(), 3: uses(2, compacts=2), 5: uses(4, compacts=4)}, 2) == {5, 3}


def test_after_a_rollback_the_newer_ones_stay_until_something_follows() -> None:
    line = {1: uses(), 2: uses(1), 3: uses(2), 4: uses(3)}
    assert kept_numbers(Pointer(2, DIGEST, Vouched(4, DIGEST)), line, 1) == {2, 3, 4}
    assert kept_numbers(Pointer(2, DIGEST, Vouched(3, DIGEST)), line, 1) == {2, 3}
    assert kept_numbers(Pointer(5, DIGEST), {**line, 5: uses(2)}, 3) == {5, 2, 1}


def test_a_gap_in_what_followed_what_loses_nothing_older() -> None:
    assert kept_numbers(Pointer(6, DIGEST), {1: uses(), 3: uses(2), 6: uses(5)}, 3) == {6, 3, 1}


def say(root: Path, text: str, **changes: object) -> int:
    return publish(root, {"ann": [lined("ann", "n1", text)]}, **changes)


def names(root: Path, kind: str) -> list[int]:
    return sorted(int(path.name) for path in (root / kind).iterdir())


def test_nothing_goes_while_the_live_generation_cannot_be_read(tmp_path: Path) -> None:
    for text in ("one", "two"):
        say(tmp_path, text)
    path = tmp_path / "generations" / "00000002" / "manifest.json"
    # Still JSON, and still naming segments: the wrong ones.
    path.write_bytes(path.read_bytes().replace(b'"name": "00000002"', b'"name": "00000001"'))
    collect(Layout(tmp_path), 1)
    assert names(tmp_path, "segments") == names(tmp_path, "generations") == [1, 2]


def test_a_damaged_pointer_loses_no_generation_before_a_new_one_is_published(tmp_path: Path) -> None:
    for text in ("one", "two"):
        say(tmp_path, text)
    (tmp_path / "CURRENT").write_bytes(b"?")
    with pytest.raises(RuntimeError), open_writer(tmp_path, rebuild=True):
        raise RuntimeError("no notes")
    assert names(tmp_path, "generations") == [1, 2]
    assert say(tmp_path, "three", rebuild=True, keep=1) == 3
    assert names(tmp_path, "segments") == names(tmp_path, "generations") == [3]


def test_a_kept_generation_whose_manifest_is_damaged_is_collected(tmp_path: Path) -> None:
    for text in ("one", "two"):
        say(tmp_path, text)
    path = tmp_path / "generations" / "00000001" / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b"hashed", b"h4shed"))
    say(tmp_path, "three")
    assert names(tmp_path, "segments") == names(tmp_path, "generations") == [2, 3]


def test_no_segment_goes_while_a_held_generation_cannot_say_which_it_uses(tmp_path: Path) -> None:
    say(tmp_path, "one")
    held = open_store(tmp_path).generation
    path = tmp_path / "generations" / "00000001" / "manifest.json"
    with path.open("r+b") as file:
        file.write(b"?")
    say(tmp_path, "two", rebuild=True, keep=1)
    assert names(tmp_path, "segments") == names(tmp_path, "generations") == [1, 2]
    assert held.note("n1").text == "one"
    del held
    publish(tmp_path, {}, keep=1)
    assert names(tmp_path, "segments") == names(tmp_path, "generations") == [2]


def test_a_number_is_never_given_twice_while_anything_bears_it(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert fresh_number(layout) == 1
    say(tmp_path, "one")
    assert fresh_number(layout) == 2
    layout.segment("00000007-merged").mkdir()
    assert fresh_number(layout) == 8
    layout.generation(11).mkdir()
    assert fresh_number(layout) == 12
    (tmp_path / "CURRENT").write_text("?")
    assert fresh_number(layout) == 12


@pytest.mark.parametrize("clock", ["stands still", "runs backwards", "jumps about"])
def test_the_clock_decides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: str) -> None:
    rng, ticks = random.Random(3), iter(range(10**9, 0, -(10**6)))
    now = {
        "stands still": lambda: 5.0,
        "runs backwards": lambda: float(next(ticks)),
        "jumps about": lambda: rng.choice([-1e9, 0.0, 1e12, 4e9]),
    }[clock]
    monkeypatch.setattr(time, "time", now)
    store = open_store(tmp_path)
    for number in range(1, 7):
        assert say(tmp_path, f"text {number}", keep=2) == number
        for path in tmp_path.rglob("*"):
            stamp = rng.choice([0, 1, 2**31, 10**10])
            os.utime(path, (stamp, stamp))
        assert store.refresh()
        assert store.generation.note("n1").text == f"text {number}"
    store = open_store(tmp_path)
    publish(tmp_path, {}, keep=2)
    assert names(tmp_path, "segments") == names(tmp_path, "generations") == [5, 6]


def test_a_manifest_of_the_future_is_kept_and_refused_with_both_versions(tmp_path: Path) -> None:
    for text in ("one", "two"):
        say(tmp_path, text)
    path = tmp_path / "generations" / "00000001" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 3}))
    say(tmp_path, "three")
    assert names(tmp_path, "segments") == names(tmp_path, "generations") == [1, 2, 3]
    with pytest.raises(IndexMismatch, match="schema 3 and this program reads 2: update the program"):
        open_kept(tmp_path, 1, EMBEDDINGS)
