"""The key of row digests: made once, private, and made anew where it is lost."""

import stat
from pathlib import Path

from vectorstore.layout import Layout
from vectorstore.row_key import is_row_key, read_row_key


def test_the_key_is_made_once_and_stays(tmp_path: Path) -> None:
    key = read_row_key(Layout(tmp_path))
    assert len(key) == 32
    assert read_row_key(Layout(tmp_path)) == key


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    read_row_key(Layout(tmp_path))
    assert stat.S_IMODE((tmp_path / "row.key").stat().st_mode) == 0o600


def test_a_key_that_is_not_whole_is_made_anew(tmp_path: Path) -> None:
    key = read_row_key(Layout(tmp_path))
    (tmp_path / "row.key").write_bytes(key[:7])
    fresh = read_row_key(Layout(tmp_path))
    assert len(fresh) == 32
    assert fresh != key


def test_no_flipped_bit_goes_unnoticed(tmp_path: Path) -> None:
    read_row_key(Layout(tmp_path))
    content = (tmp_path / "row.key").read_bytes()
    assert is_row_key(content)
    for at in range(len(content)):
        for bit in range(8):
            assert not is_row_key(content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :])
