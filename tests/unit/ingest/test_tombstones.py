"""Tombstones: who may not come back, known by a keyed digest alone."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import IngestFailed
from ingest.sources import Reason
from ingest.tombstones import Tombstones

AT = "2026-11-21T19:00:00+00:00"
EMMA = "site a/emma 🫀"


def test_an_index_without_tombstones_holds_nobody(tmp_path: Path) -> None:
    assert not Tombstones.read(tmp_path / "none").holds(EMMA)
    assert not list(tmp_path.iterdir())


def test_a_patient_is_held_from_the_next_reading_on(tmp_path: Path) -> None:
    stone = Tombstones.read(tmp_path).add(EMMA, at=AT)
    held = Tombstones.read(tmp_path)
    assert held.holds(EMMA)
    assert held.find(EMMA) == stone
    assert not held.holds(EMMA + " ")
    assert not held.holds("ben")


def test_the_file_names_nobody_and_the_key_is_private(tmp_path: Path) -> None:
    Tombstones.read(tmp_path).add(EMMA, at=AT)
    assert all(b"emma" not in path.read_bytes() for path in tmp_path.iterdir())
    assert stat.S_IMODE((tmp_path / "tombstones.key").stat().st_mode) == 0o600


def test_the_same_id_has_another_digest_in_another_index(tmp_path: Path) -> None:
    one = Tombstones.read(tmp_path / "a").add(EMMA, at=AT)
    other = Tombstones.read(tmp_path / "b").add(EMMA, at=AT)
    assert one.digest != other.digest


def test_erasing_twice_keeps_the_first_tombstone(tmp_path: Path) -> None:
    first = Tombstones.read(tmp_path).add(EMMA, at=AT)
    again = Tombstones.read(tmp_path).add(EMMA, at="2027-01-01T00:00:00+00:00")
    assert again == first


def test_a_lifted_patient_is_held_no_more_and_a_number_never_comes_twice(tmp_path: Path) -> None:
    stones = Tombstones.read(tmp_path)
    first = stones.add(EMMA, at=AT)
    stones.add("ben", at=AT)
    assert stones.lift(EMMA) == first
    assert stones.lift(EMMA) is None
    assert not Tombstones.read(tmp_path).holds(EMMA)
    assert Tombstones.read(tmp_path).holds("ben")
    stones.lift("ben")
    assert stones.add("cara", at=AT).number == 3


def test_erasures_at_the_same_moment_lose_no_tombstone(tmp_path: Path) -> None:
    stones = Tombstones.read(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        numbers = sorted(pool.map(lambda i: stones.add(f"p{i}", at=AT).number, range(24)))
    assert numbers == list(range(1, 25))
    assert all(Tombstones.read(tmp_path).holds(f"p{i}") for i in range(24))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"tombstones": [{}], "last": 1}'])
def test_damaged_tombstones_stop_a_run(tmp_path: Path, content: bytes) -> None:
    Tombstones.read(tmp_path).add(EMMA, at=AT)
    (tmp_path / "tombstones.json").write_bytes(content)
    with pytest.raises(IngestFailed, match="damaged"):
        Tombstones.read(tmp_path)


@pytest.mark.parametrize("key", [None, b"short", b"another key of the right length!!"])
def test_tombstones_without_their_key_stop_a_run_and_get_no_new_key(tmp_path: Path, key: bytes | None) -> None:
    stones = Tombstones.read(tmp_path)
    stones.add(EMMA, at=AT)
    path = tmp_path / "tombstones.key"
    path.unlink() if key is None else path.write_bytes(key)
    for attempt in (lambda: Tombstones.read(tmp_path), lambda: stones.add("ben", at=AT)):
        with pytest.raises(IngestFailed, match="put it back"):
            attempt()
    assert path.exists() == (key is not None)


def test_a_draft_left_by_a_crash_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "tombstones.key.new").write_bytes(b"half")
    (tmp_path / "tombstones.json.new").write_bytes(b"half")
    Tombstones.read(tmp_path).add(EMMA, at=AT)
    assert json.loads((tmp_path / "tombstones.json").read_bytes())["last"] == 1
    assert Tombstones.read(tmp_path).holds(EMMA)


def test_an_erased_row_is_left_out_and_not_quarantined() -> None:
    assert not Reason.ERASED.quarantined
    assert not Reason.ERASED.bad
