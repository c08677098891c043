"""The pointer is what was written, or damaged; never something else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import IndexMismatch
from vectorstore.pointer import Pointer, Vouched, read_pointer, write_pointer

digests = st.text("0123456789abcdef", min_size=64, max_size=64)
numbers = st.integers(0, 10**12)
rolled_back = st.tuples(numbers, digests, st.integers(1, 9), digests).map(
    lambda p: Pointer(p[0], p[1], Vouched(p[0] + p[2], p[3]))
)
pointers = st.builds(Pointer, numbers, digests) | rolled_back


@given(pointers)
def test_it_comes_back_as_written(tmp_path_factory: pytest.TempPathFactory, pointer: Pointer) -> None:
    path = tmp_path_factory.mktemp("index") / "CURRENT"
    write_pointer(path, pointer)
    assert read_pointer(path) == pointer


@pytest.mark.parametrize("newest", [None, Vouched(12, "b" * 64)])
def test_no_flipped_bit_and_no_lost_byte_goes_unnoticed(tmp_path: Path, newest: Vouched | None) -> None:
    path, pointer = tmp_path / "CURRENT", Pointer(11, "a" * 64, newest)
    write_pointer(path, pointer)
    sound = path.read_bytes()
    for at in range(len(sound)):
        for bit in range(8):
            path.write_bytes(sound[:at] + bytes([sound[at] ^ 1 << bit]) + sound[at + 1 :])
            assert_other(path, pointer)
        path.write_bytes(sound[:at] + sound[at + 1 :])
        assert_other(path, pointer)
        path.write_bytes(sound[:at])
        assert_other(path, pointer)


def assert_other(path: Path, pointer: Pointer) -> None:
    # Another number or checksum is one that no manifest has; anything else is refused right here.
    try:
        assert read_pointer(path) != pointer
    except IndexMismatch as e:
        assert "make rollback" in str(e)


def test_a_newest_generation_that_is_not_newer_is_damage(tmp_path: Path) -> None:
    for newest in (6, 7):
        write_pointer(tmp_path / "CURRENT", Pointer(7, "a" * 64, Vouched(newest, "b" * 64)))
        with pytest.raises(IndexMismatch, match="damaged"):
            read_pointer(tmp_path / "CURRENT")


def test_without_a_file_nothing_was_published(tmp_path: Path) -> None:
    assert read_pointer(tmp_path / "CURRENT") is None


def test_a_pointer_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "CURRENT").mkdir()
    with pytest.raises(IndexMismatch, match=r"CURRENT cannot be read \(Is a directory\)"):
        read_pointer(tmp_path / "CURRENT")
