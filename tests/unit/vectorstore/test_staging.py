"""Staging: what was committed is there after any crash, whole, and nothing else is."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import traceback
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import IngestFailed
from tests.fakes.indexes import CHUNKING, EMBEDDINGS, lined, vectors_of
from vectorstore.specs import ChunkingSpec
from vectorstore.staging import DATABASE, STAGED_VECTORS, Staging
from vectorstore.stored_note import StoredNote, stored_note


def note(name: str, text: str = "takes aspirin\nno fever", patient_id: str = "ann") -> StoredNote:
    item = lined(patient_id, name, text)
    return stored_note(item, vectors_of([item]), row_digest=f"row of {name}", metadata='{"a": 1}')


def staging(folder: Path, **changes: object) -> Staging:
    return Staging(folder, **{"embedding": EMBEDDINGS.spec, "chunking": CHUNKING, **changes})  # type: ignore[arg-type]


def fields(item: StoredNote) -> list[object]:
    names = [name for name in StoredNote.__slots__ if name != "vectors"]
    return [*(getattr(item, name) for name in names), item.vectors.tolist()]


def test_a_staged_note_comes_back_as_it_was(tmp_path: Path) -> None:
    given = note("n1 😀/\n", "emoji 😀 aspirin\n\nnul \0 inside")
    with staging(tmp_path / "s") as staged:
        staged.add(given)
        assert fields(staged.get(given.digest)) == fields(given)
    with staging(tmp_path / "s") as staged:
        assert fields(staged.get(given.digest)) == fields(given)
        assert staged.digest_of(given.row_digest or "") == given.digest
        assert staged.has(given.digest)
        assert list(staged.row_digests()) == [given.row_digest]
        assert staged.notes == 1


def test_a_note_without_chunks_or_row_digest_can_be_staged(tmp_path: Path) -> None:
    given = replace(note("n1", ""), row_digest=None)
    assert given.vectors.shape == (0, EMBEDDINGS.spec.dimension)
    with staging(tmp_path / "s") as staged:
        staged.add(given)
        assert fields(staged.get(given.digest)) == fields(given)
        assert list(staged.row_digests()) == []


def test_what_is_not_there_is_said_not_to_be(tmp_path: Path) -> None:
    with staging(tmp_path / "s") as staged:
        assert staged.digest_of("none") is None
        assert not staged.has("none")
        with pytest.raises(KeyError):
            staged.get("none")


def test_a_note_staged_again_is_kept_once_and_known_by_its_newest_row(tmp_path: Path) -> None:
    with staging(tmp_path / "s") as staged:
        staged.add(note("n1"))
        staged.add(replace(note("n1"), row_digest="another"))
        assert staged.notes == 1
        assert list(staged.row_digests()) == ["another"]


def test_refuses_vectors_that_do_not_fit(tmp_path: Path) -> None:
    with staging(tmp_path / "s") as staged, pytest.raises(ValueError, match="shape"):
        staged.add(replace(note("n1"), vectors=np.zeros((1, 64), dtype=np.float32)))


def test_only_their_owner_may_read_the_files(tmp_path: Path) -> None:
    with staging(tmp_path / "s") as staged:
        staged.add(note("n1"))
        names = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "s").iterdir()}
    assert set(names) >= {DATABASE, STAGED_VECTORS}
    assert set(names.values()) == {0o600}


@pytest.mark.parametrize(
    "changes",
    [
        {"embedding": replace(EMBEDDINGS.spec, weight_digest="f" * 64)},
        {"embedding": replace(EMBEDDINGS.spec, dimension=32)},
        {"chunking": ChunkingSpec("other", 80)},
    ],
)
def test_what_another_model_or_chunking_staged_is_thrown_away(tmp_path: Path, changes: dict[str, object]) -> None:
    with staging(tmp_path / "s") as staged:
        staged.add(note("n1"))
    with staging(tmp_path / "s", **changes) as staged:
        assert staged.notes == 0
    with staging(tmp_path / "s") as staged:
        assert staged.notes == 0
        staged.add(note("n1"))


def test_discarding_leaves_nothing(tmp_path: Path) -> None:
    with staging(tmp_path / "s") as staged:
        staged.add(note("n1"))
        staged.discard()
        assert staged.notes == 0
    assert not (tmp_path / "s").exists()


def test_a_removed_patient_leaves_no_byte(tmp_path: Path) -> None:
    secret, other = note("n1", "zebrafish\nxylophone"), note("n2", "kept", "bob")
    with staging(tmp_path / "s") as staged:
        staged.add(secret)
        staged.add(other)
        staged.commit()
        staged.remove_patient("ann")
        assert staged.notes == 1
        assert not staged.has(secret.digest)
        content = b"".join(path.read_bytes() for path in (tmp_path / "s").iterdir())
        assert fields(staged.get(other.digest)) == fields(other)
    for trace in (b"zebrafish", b"xylophone", b"ann", secret.vectors[0].tobytes(), secret.digest.encode()):
        assert trace not in content


def test_vectors_that_a_crash_kept_from_being_wiped_are_wiped_on_opening(tmp_path: Path) -> None:
    secret = note("n1")
    with staging(tmp_path / "s") as staged:
        staged.add(secret)
    with sqlite3.connect(tmp_path / "s" / DATABASE) as db:
        db.execute("INSERT INTO holes SELECT first_vector, vectors FROM notes")
        db.execute("DELETE FROM notes")
    db.close()
    with staging(tmp_path / "s") as staged:
        assert staged.notes == 0
    assert not (tmp_path / "s" / STAGED_VECTORS).read_bytes().strip(b"\0")


def test_what_was_not_committed_is_gone_after_a_kill_and_the_rest_is_whole(tmp_path: Path) -> None:
    code = f"""
import sys, time
from pathlib import Path
from tests.unit.vectorstore.test_staging import *
with staging(Path({str(tmp_path)!r}) / "s") as staged:
    staged.add(note("n1"))
    staged.commit()
    staged.add(note("n2"))
    print("ready", flush=True)
    time.sleep(60)
"""
    root = Path(__file__).resolve().parents[3]
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=root)
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == "ready\n"
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    with staging(tmp_path / "s") as staged:
        assert (staged.notes, staged.has(note("n2").digest)) == (1, False)
        assert (tmp_path / "s" / STAGED_VECTORS).stat().st_size == note("n1").vectors.nbytes
        staged.add(note("n3"))
        assert fields(staged.get(note("n1").digest)) == fields(note("n1"))
        assert fields(staged.get(note("n3").digest)) == fields(note("n3"))


@pytest.mark.parametrize("left", [0, 1, 700, 1023])
def test_notes_whose_vectors_are_not_whole_are_dropped(tmp_path: Path, left: int) -> None:
    first, second = note("n1"), note("n2")
    with staging(tmp_path / "s") as staged:
        staged.add(first)
        staged.add(second)
    os.truncate(tmp_path / "s" / STAGED_VECTORS, left)
    with staging(tmp_path / "s") as staged:
        assert staged.notes == left // first.vectors.nbytes
        assert not staged.has(second.digest)
        staged.add(second)
    with staging(tmp_path / "s") as staged:
        assert fields(staged.get(second.digest)) == fields(second)


def test_vectors_past_the_last_commit_are_cut_off(tmp_path: Path) -> None:
    with staging(tmp_path / "s") as staged:
        staged.add(note("n1"))
    with (tmp_path / "s" / STAGED_VECTORS).open("ab") as file:
        file.write(b"half a vector")
    with staging(tmp_path / "s") as staged:
        assert (tmp_path / "s" / STAGED_VECTORS).stat().st_size == note("n1").vectors.nbytes
        staged.add(note("n2"))
        assert fields(staged.get(note("n2").digest)) == fields(note("n2"))


@pytest.mark.parametrize("name", [DATABASE, STAGED_VECTORS])
def test_a_missing_file_costs_the_staged_notes_and_nothing_else(tmp_path: Path, name: str) -> None:
    with staging(tmp_path / "s") as staged:
        staged.add(note("n1"))
    (tmp_path / "s" / name).unlink()
    with staging(tmp_path / "s") as staged:
        assert staged.notes == 0
        staged.add(note("n1"))
        assert fields(staged.get(note("n1").digest)) == fields(note("n1"))


def test_a_database_that_is_none_is_thrown_away(tmp_path: Path) -> None:
    with staging(tmp_path / "s") as staged:
        staged.add(note("n1"))
    path = tmp_path / "s" / DATABASE
    path.write_bytes(b"x" * path.stat().st_size)
    with staging(tmp_path / "s") as staged:
        assert staged.notes == 0


@pytest.mark.parametrize("bit", [1, 128])
@pytest.mark.parametrize(("name", "near"), [(STAGED_VECTORS, None), (DATABASE, b"takes aspirin"), (DATABASE, b"Plan")])
def test_a_flipped_byte_never_reaches_a_segment_and_the_next_run_starts_whole(
    tmp_path: Path, name: str, near: bytes | None, bit: int
) -> None:
    with staging(tmp_path / "s") as staged:
        staged.add(note("n1"))
    content = bytearray((tmp_path / "s" / name).read_bytes())
    content[content.index(near) if near else 5] ^= bit
    (tmp_path / "s" / name).write_bytes(content)
    with pytest.raises(IngestFailed, match="run again") as caught, staging(tmp_path / "s") as staged:
        staged.get(note("n1").digest)
    assert "no fever" not in "".join(traceback.format_exception(caught.value))
    with staging(tmp_path / "s") as staged:
        assert staged.notes == 0


def test_an_error_in_the_run_keeps_what_was_staged(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="stop"), staging(tmp_path / "s") as staged:
        staged.add(note("n1"))
        raise RuntimeError("stop")
    with staging(tmp_path / "s") as staged:
        assert staged.has(note("n1").digest)


def test_a_disk_that_is_full_costs_what_was_not_committed_and_says_so(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk."""
    code = f"""
import resource, signal
from pathlib import Path
from tests.unit.vectorstore.test_staging import *
with staging(Path({str(tmp_path)!r}) / "s") as staged:
    staged.add(note("n1"))
    staged.commit()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    try:
        for number in range(10_000):
            staged.add(note(f"more {{number}}"))
            staged.commit()
    except IngestFailed as e:
        print(e)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    with pytest.raises(IngestFailed, match="before"):
        staged.add(note("after a failure"))
"""
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert "see to the disk" in done.stdout
    with staging(tmp_path / "s") as staged:
        assert fields(staged.get(note("n1").digest)) == fields(note("n1"))
        assert not staged.has(note("after a failure").digest)
        names = [f"more {number}" for number in range(staged.notes - 1)]
        for name in names:
            assert fields(staged.get(note(name).digest)) == fields(note(name))
        staged.add(note("after"))


def test_a_staging_that_somebody_else_is_writing_to_is_not_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with staging(tmp_path / "s") as staged:
        staged.add(note("n1"))
    plain = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **rest: plain(*args, **rest | {"timeout": 0}))
    other = sqlite3.connect(tmp_path / "s" / DATABASE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(IngestFailed, match="locked"), staging(tmp_path / "s"):
        pass
    other.close()
    with staging(tmp_path / "s") as staged:
        assert staged.has(note("n1").digest)


def test_damage_that_shows_while_vectors_are_wiped_does_not_stop_every_run(tmp_path: Path) -> None:
    with staging(tmp_path / "s") as staged:
        staged.add(note("n1"))
    with sqlite3.connect(tmp_path / "s" / DATABASE) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'holes'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    db.close()
    with (tmp_path / "s" / DATABASE).open("rb+") as file:
        file.seek((page - 1) * size)
        file.write(b"x" * 100)
    with staging(tmp_path / "s") as staged:
        assert staged.notes == 0
