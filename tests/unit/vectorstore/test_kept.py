"""Generations that are kept after another has become the live one."""

from pathlib import Path

import pytest

from core.errors import IndexMismatch, IndexUnavailable
from tests.fakes.indexes import EMBEDDINGS, lined, publish
from vectorstore.kept import open_kept


def test_a_kept_generation_shows_the_chart_as_it_was(tmp_path: Path) -> None:
    publish(tmp_path, {"ava": [lined("ava", "n1", "as it was")]})
    publish(tmp_path, {"ava": [lined("ava", "n1", "as it is")]})
    assert open_kept(tmp_path, 1, EMBEDDINGS).note("n1").text == "as it was"
    assert open_kept(tmp_path, 2, EMBEDDINGS).note("n1").text == "as it is"


def test_a_generation_that_was_collected_or_never_was_is_said_to_be_gone(tmp_path: Path) -> None:
    for text in ("one", "two", "three"):
        publish(tmp_path, {"ava": [lined("ava", "n1", text)]}, keep=2)
    for number in (1, 9):
        with pytest.raises(IndexUnavailable, match=f"generation {number} is not kept"):
            open_kept(tmp_path, number, EMBEDDINGS)


def test_a_kept_generation_that_is_damaged_is_refused(tmp_path: Path) -> None:
    publish(tmp_path, {"ava": [lined("ava", "n1", "one")]})
    (tmp_path / "generations" / "00000001" / "manifest.json").write_text("{")
    with pytest.raises(IndexMismatch, match="damaged"):
        open_kept(tmp_path, 1, EMBEDDINGS)
