"""Pages that are evicted are gone, as the kernel itself says."""

import os
from pathlib import Path

import numpy as np
import pytest

from bench.page_cache import evict, mapped_below, memory_of, resident_bytes

SIZE = 1 << 20


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "file"
    path.parent.mkdir()
    path.write_bytes(os.urandom(SIZE))
    (tmp_path / "folder" / "empty").touch()
    return path


def test_a_file_just_read_is_resident_and_an_evicted_one_is_not(file: Path) -> None:
    files = [file, file.with_name("empty")]
    file.read_bytes()
    if resident_bytes(files) < SIZE:
        pytest.skip("this file system keeps no pages")
    evict(files)
    assert resident_bytes(files) == 0


def test_a_mapped_file_counts_for_its_folder_alone(file: Path) -> None:
    mapped = np.memmap(file, dtype=np.uint8, mode="r")
    assert int(mapped.sum()) > 0
    found = mapped_below(os.getpid(), file.parent)
    assert (found.resident, found.anonymous) == (SIZE, 0)
    assert mapped_below(os.getpid(), file.parent / "fold").resident == 0
    assert memory_of(os.getpid()).resident > SIZE
