"""The writer's lock says which folder it cannot have, and why."""

import errno
import fcntl
from pathlib import Path

import pytest

from core.errors import IndexMismatch, IngestFailed
from tests.fakes.indexes import open_store, open_writer
from vectorstore.lock import WriterLock


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    first, second = WriterLock(tmp_path / "writer.lock"), WriterLock(tmp_path / "writer.lock")
    with first, pytest.raises(IngestFailed, match=f"another writer is at work on {tmp_path}"):
        second.acquire()
    with WriterLock(tmp_path / "writer.lock"):
        pass


@pytest.mark.parametrize("below", ["index", "index/deeper"])
def test_an_index_folder_that_is_a_file_is_named(tmp_path: Path, below: str) -> None:
    (tmp_path / "index").write_text("no folder")
    refused = pytest.raises(IngestFailed, match=rf"{tmp_path / below} is not a folder.*ANAMNESIS_INDEX__DIR")
    with refused, open_writer(tmp_path / below):
        pass
    with pytest.raises(IndexMismatch, match=rf"{tmp_path / below} is no folder.*ANAMNESIS_INDEX__DIR"):
        open_store(tmp_path / below)
    assert (tmp_path / "index").read_text() == "no folder"


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(handle: int, kind: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(IngestFailed, match=rf"file system of {tmp_path} cannot lock a file \(No locks available\)"):
        WriterLock(tmp_path / "writer.lock").acquire()
