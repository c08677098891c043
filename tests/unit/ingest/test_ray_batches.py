"""What the Ray engine does before Ray is asked for anything."""

import sys

import pytest

from core.errors import SettingsInvalid
from core.records import Note
from ingest.engines.ray_data import BATCH_NOTES, RayEngine, _batches
from ingest.work import Row
from tests.fakes.recipes import HashedRecipe


def rows(count: int, *, chars: int = 10) -> list[Row]:
    return [Row(Note(f"n{i}", "p", None, "note", None, "x" * chars), "s", f"row {i}", "00") for i in range(count)]


def test_batches_hold_all_rows_in_order_and_are_numbered_without_a_gap() -> None:
    batches = list(_batches(rows(2 * BATCH_NOTES + 5)))
    assert [batch.number for batch in batches] == [0, 1, 2]
    assert [row.where for batch in batches for row in batch.rows] == [f"row {i}" for i in range(2 * BATCH_NOTES + 5)]
    assert max(len(batch.rows) for batch in batches) == BATCH_NOTES


def test_long_notes_make_short_batches() -> None:
    assert [len(batch.rows) for batch in _batches(rows(4, chars=3_000_000))] == [2, 2]


def test_no_rows_make_no_batch() -> None:
    assert list(_batches([])) == []


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SettingsInvalid, match=r"anamnesis\[ray\]"):
        list(RayEngine(HashedRecipe()).run(rows(1)))
