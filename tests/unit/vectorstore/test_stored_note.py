"""A stored note: what is kept of a processed one, and the checksum that its copies are told by."""

from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.indexes import lined
from vectorstore.digests import note_digest
from vectorstore.stored_note import StoredNote, stored_note

ITEM = lined("ann", "n1", "takes aspirin\nno fever")


def made() -> StoredNote:
    return stored_note(ITEM, np.arange(4, dtype=np.float32).reshape(2, 2), row_digest="row", metadata="{}")


def test_everything_of_a_processed_note_is_kept() -> None:
    note = made()
    assert note.note == ITEM.note
    assert note.digest == note_digest(ITEM.note, ITEM.source)
    assert note.chunk_texts == ("takes aspirin", "no fever")
    assert note.header.characters == len(ITEM.note.text)
    assert [row[3] for row in note.sentences] == [("Plan", "plan"), ("Plan", "plan")]
    assert note.facts[0][:3] == (0, "drug", "aspirin")


def test_the_checksum_of_a_note_is_the_same_at_all_times() -> None:
    """Were it another on some version of Python, every index made on an older one would look damaged there."""
    assert made().checksum == 3130377165


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "takes aspirin\nno fever."},
        {"source": "other"},
        {"metadata": None},
        {"sections": ()},
        {"sentences": ((0, 0, 12, ("Plan", "plan")),)},
        {"chunks": ()},
        {"facts": ()},
        {"vectors": np.zeros((2, 2), dtype=np.float32)},
        {"header": replace(made().header, charted_at="2021")},
    ],
)
def test_the_checksum_tells_any_change(changes: dict[str, object]) -> None:
    assert replace(made(), **changes).checksum != made().checksum  # type: ignore[arg-type]


def test_the_row_it_came_from_has_no_part_in_the_checksum() -> None:
    assert replace(made(), row_digest="another").checksum == made().checksum


def test_a_stored_note_in_a_log_line_does_not_quote_its_text() -> None:
    assert "aspirin" not in repr(made())
