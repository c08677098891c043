"""A source's name can be stored, shown, and be part of a file's name."""

import os
from pathlib import Path

import pytest

from core.errors import IngestFailed
from ingest.plan import MAX_NAME_CHARS, name_inputs
from ingest.quarantine import QuarantineReport
from ingest.sources import Reason, Rejected, SourceInput, resolve_input

INPUT = SourceInput("notes", "jsonl", ())


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("", "empty"),
        (" ", "empty"),
        ("\udcff", "not UTF-8"),
        ("a" * (MAX_NAME_CHARS + 1), "longer than 100 characters"),
        ("a\nb", "control character"),
        ("a\x1b[2J", "control character"),
        ("a\u2028b", "line break"),
    ],
)
def test_a_name_that_cannot_be_shown_is_refused_in_words_that_can(name: str, wrong: str) -> None:
    with pytest.raises(IngestFailed, match=rf"is .*{wrong}.*--source NAME") as given:
        name_inputs([INPUT], name)
    assert str(given.value).isascii()
    assert str(given.value).isprintable()
    with pytest.raises(IngestFailed, match=wrong):
        name_inputs([SourceInput(name, "jsonl", ())], None)


@pytest.mark.parametrize("name", ["notes", "Zürich ward 3", "病" * MAX_NAME_CHARS, "a+b/c", "🩺"])
def test_any_other_name_is_taken_and_a_report_can_be_written_for_it(tmp_path: Path, name: str) -> None:
    (item,) = name_inputs([INPUT], name)
    with QuarantineReport(tmp_path, [item.name, "other"]) as report:
        report.add(item.name, Rejected(Reason.BAD_ROW, "notes:1"))
    assert report.path.parent == tmp_path
    assert report.path.exists()


def test_a_pipe_is_no_source(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(IngestFailed, match="neither a file nor a folder"):
        resolve_input(tmp_path / "pipe.jsonl")
