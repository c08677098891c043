"""A generation that a reader holds is not collected; one that is being collected is not opened."""

import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.errors import IndexUnavailable
from tests.fakes.indexes import EMBEDDINGS, lined, open_store, publish
from vectorstore.collection import remove
from vectorstore.kept import open_kept
from vectorstore.layout import Layout
from vectorstore.lease import Lease, claimed

READER = """
import sys
from pathlib import Path
from tests.fakes.indexes import open_store
generation = open_store(Path(sys.argv[1])).generation
print("ready", flush=True)
sys.stdin.readline()
print(generation.note("n1").text, flush=True)
"""


def say(root: Path, text: str) -> int:
    return publish(root, {"ann": [lined("ann", "n1", text)]}, keep=1)


def on_disk(root: Path) -> tuple[list[str], ...]:
    """Names of the generations and of the segments."""
    return tuple(sorted(p.name for p in (root / kind).iterdir()) for kind in ("generations", "segments"))


@contextmanager
def reading_process(root: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", READER, str(root)]
    repository = Path(__file__).resolve().parents[3]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=repository) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        yield child
        child.kill()


def test_a_chart_holds_its_generation_until_it_is_let_go(tmp_path: Path) -> None:
    say(tmp_path, "one")
    chart = open_store(tmp_path).generation.chart("ann")
    say(tmp_path, "two")
    assert on_disk(tmp_path) == (["00000001", "00000002"],) * 2
    assert chart.note("n1").text == "one"
    del chart
    say(tmp_path, "three")
    assert on_disk(tmp_path) == (["00000003"],) * 2


def test_what_a_reader_holds_stays_and_goes_the_next_time(tmp_path: Path) -> None:
    say(tmp_path, "one")
    held = open_store(tmp_path).generation
    say(tmp_path, "two")
    assert on_disk(tmp_path) == (["00000001", "00000002"],) * 2
    assert held.note("n1").text == "one"
    del held
    say(tmp_path, "three")
    assert on_disk(tmp_path) == (["00000003"],) * 2


def test_a_generation_between_a_held_one_and_the_live_one_goes(tmp_path: Path) -> None:
    say(tmp_path, "one")
    held = open_store(tmp_path).generation
    say(tmp_path, "two")
    say(tmp_path, "three")
    assert on_disk(tmp_path) == (["00000001", "00000003"],) * 2
    assert held.note("n1").text == "one"


def test_a_held_generation_can_be_opened_again_while_it_is_held(tmp_path: Path) -> None:
    say(tmp_path, "one")
    held = open_store(tmp_path).generation
    say(tmp_path, "two")
    assert open_kept(tmp_path, 1, EMBEDDINGS).note("n1").text == "one"
    del held
    publish(tmp_path, {}, keep=1)
    with pytest.raises(IndexUnavailable, match="not kept"):
        open_kept(tmp_path, 1, EMBEDDINGS)


def test_another_process_holds_what_it_reads_until_it_ends(tmp_path: Path) -> None:
    say(tmp_path, "one")
    with reading_process(tmp_path) as child:
        say(tmp_path, "two")
        assert on_disk(tmp_path) == (["00000001", "00000002"],) * 2
        out, _ = child.communicate("go on\n")
        assert out == "one\n"
    publish(tmp_path, {}, keep=1)
    assert on_disk(tmp_path) == (["00000002"],) * 2


def test_a_reader_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    say(tmp_path, "one")
    with reading_process(tmp_path) as child:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        say(tmp_path, "two")
        assert on_disk(tmp_path) == (["00000002"],) * 2


def test_a_generation_that_is_being_removed_is_gone_to_readers(tmp_path: Path) -> None:
    say(tmp_path, "one")
    manifest = Layout(tmp_path).generation(1) / "manifest.json"
    with claimed(manifest) as free:
        assert free
        with pytest.raises(FileNotFoundError, match="collected"):
            Lease(manifest)


def test_a_reader_that_opened_the_manifest_before_it_was_removed_finds_it_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(tmp_path, "one")
    layout, lock = Layout(tmp_path), fcntl.flock

    def after_the_collector(handle: int, kind: int) -> None:
        monkeypatch.setattr(fcntl, "flock", lock)
        assert remove(layout, 1)
        lock(handle, kind)

    monkeypatch.setattr(fcntl, "flock", after_the_collector)
    with pytest.raises(FileNotFoundError, match="collected"):
        Lease(layout.generation(1) / "manifest.json")


def test_a_collector_that_died_half_way_leaves_nothing_to_open_and_the_next_one_ends_its_work(tmp_path: Path) -> None:
    publish(tmp_path, {"ann": [lined("ann", "n1", "one")]})
    publish(tmp_path, {"ann": [lined("ann", "n1", "two")]})
    (Layout(tmp_path).generation(1) / "manifest.json").unlink()
    with pytest.raises(IndexUnavailable, match="not kept"):
        open_kept(tmp_path, 1, EMBEDDINGS)
    publish(tmp_path, {})
    assert on_disk(tmp_path) == (["00000002"],) * 2


def test_a_reader_that_fails_to_open_a_generation_holds_nothing(tmp_path: Path) -> None:
    say(tmp_path, "one")
    shutil.rmtree(Layout(tmp_path).segments)
    opened = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(IndexUnavailable):
        open_kept(tmp_path, 1, EMBEDDINGS)
    assert len(list(Path("/proc/self/fd").iterdir())) == opened
    assert remove(Layout(tmp_path), 1)


def test_where_the_file_system_knows_no_locks_readers_read_and_collectors_collect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(tmp_path, "one")
    lock = fcntl.flock

    def no_locks(handle: int, kind: int) -> None:
        if Path(f"/proc/self/fd/{handle}").readlink().name == "manifest.json":
            raise OSError(errno.ENOLCK, "no locks available")
        lock(handle, kind)

    monkeypatch.setattr(fcntl, "flock", no_locks)
    held = open_store(tmp_path).generation
    say(tmp_path, "two")
    assert on_disk(tmp_path) == (["00000002"],) * 2
    assert held.note("n1").text == "one"
