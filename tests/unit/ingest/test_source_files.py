import gzip
import random
from pathlib import Path

import pytest

from ingest.sources import READERS, Format, SourceInput
from ingest.sources.files import CountingOpener, open_bytes

JSONL = "".join(
    f'{{"note_id": "n{i}", "patient_id": "p", "text": "{random.Random(i).random()} {"x" * 900}"}}\n'
    for i in range(3000)
)
CSV = "note_id,subject_id,note_type,charttime,text\n" + "".join(
    f"n{i},p,DS,2180-05-07,{random.Random(i).random()} {'x' * 900}\n" for i in range(3000)
)
FHIR = "".join(f'{{"resourceType": "Patient", "id": "{i}", "text": "{"x" * 900}"}}\n' for i in range(3000))


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(("format", "content"), [("jsonl", JSONL), ("mimic", CSV), ("fhir", FHIR)])
def test_what_was_read_is_counted_as_it_lies_on_disk(
    tmp_path: Path, format: Format, content: str, compressed: bool
) -> None:
    path = tmp_path / ("n.ndjson.gz" if compressed else "n.ndjson")
    path.write_bytes(gzip.compress(content.encode()) if compressed else content.encode())
    opener = SourceInput("n", format, (path,)).counting_opener()
    size = path.stat().st_size * (2 if format == "fhir" else 1)
    assert (opener.done, opener.total) == (0, size)
    counts = [opener.done for _ in READERS[format]((path,), 10_000, opener)]
    assert counts == sorted(counts)
    if counts and not compressed:
        assert counts[0] < size / 3
    assert (opener.done, opener.total) == (size, size)


def test_the_files_of_a_text_folder_are_counted_together(tmp_path: Path) -> None:
    for i in range(5):
        (tmp_path / f"p{i}").mkdir()
        (tmp_path / f"p{i}" / "a.txt").write_text("word " * 100)
    opener = SourceInput("t", "text", (tmp_path,)).counting_opener()
    assert [opener.done for _ in READERS["text"]((tmp_path,), 10_000, opener)] == [500, 1000, 1500, 2000, 2500]
    assert opener.total == 2500


def test_a_file_that_grew_moves_the_total(tmp_path: Path) -> None:
    path = tmp_path / "n.jsonl"
    path.write_text("1\n")
    opener = CountingOpener([path])
    path.write_text("1\n2\n3\n")
    with opener(path) as raw:
        assert raw.read() == b"1\n2\n3\n"
    assert opener.done == opener.total == 6


def test_a_file_that_is_gone_has_no_size_and_says_so_when_it_is_opened(tmp_path: Path) -> None:
    opener = CountingOpener([tmp_path / "absent.csv"])
    assert opener.total == 0
    with pytest.raises(FileNotFoundError):
        opener(tmp_path / "absent.csv")


def test_closing_a_gzip_file_closes_the_file_below(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"x"))
    raw = open_bytes(path)
    below = raw.fileobj  # type: ignore[attr-defined]
    raw.close()
    assert below.closed
