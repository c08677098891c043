"""What gives a patient away, and the journal that keeps it while an erasure is under way."""

import gzip
import html
import json
import stat
from pathlib import Path

import numpy as np
import pytest

from ingest.erase.journal import Journal, merged
from ingest.erase.marks import Gathered, Kind, Marks, Role
from ingest.erase.search import Place, Searcher, Seen
from ingest.erase.windows import Windower

KEY = b"k" * 32
TEXT = """Seen by Dr. Ødegård: "she walked > 2 km" on\nMonday without any pain in the left hip.
Аллергия на пенициллин, сыпь."""


def marks_of(texts: list[str], ids: dict[Role, set[str]] | None = None, windower: Windower | None = None) -> Marks:
    found = Gathered(texts=texts)
    for role, names in (ids or {}).items():
        found.ids[role] |= names
    return found.marks(windower or Windower(KEY))


def search(folder: Path, marks: Marks, windower: Windower | None = None) -> dict[str, Seen]:
    seen = Searcher(marks, windower or Windower(KEY)).search([Place("here", folder)])
    return {item.path.name: item for item in seen if item.marks or item.named or item.in_name}


@pytest.mark.parametrize(
    "written",
    [
        TEXT.encode(),
        json.dumps({"text": TEXT}).encode(),
        json.dumps({"text": TEXT}, ensure_ascii=False).encode(),
        html.escape(TEXT).encode(),
        TEXT.encode()[7:45],
        b"\x00\x01" + TEXT.encode()[-40:],
    ],
)
def test_a_text_is_found_however_it_is_written(tmp_path: Path, written: bytes) -> None:
    (tmp_path / "file").write_bytes(b"before " + written + b" after")
    assert search(tmp_path, marks_of([TEXT]))["file"].marks


def test_another_text_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("Seen by nobody. She ran 20 km on Tuesday with some pain in the right knee.")
    assert not search(tmp_path, marks_of([TEXT]))


def test_a_very_long_chart_gives_no_more_pieces_than_can_be_held(tmp_path: Path) -> None:
    text = " ".join(f"value {i} of the long list" for i in range(200_000))
    marks = marks_of([text])
    (tmp_path / "file").write_text(text[1_000_000:1_000_200])
    assert marks.counts()[Kind.TEXT.value] < 500_000
    assert search(tmp_path, marks)["file"].marks


def test_ids_are_found_in_bytes_columns_fields_and_names_of_files(tmp_path: Path) -> None:
    marks = marks_of([], {Role.PATIENT: {"7"}, Role.NOTE: {"https://notes.example/ü/10100001-DS-9"}})
    (tmp_path / "7").mkdir()
    (tmp_path / "7/note.txt").write_text("a note")
    (tmp_path / "encoded").write_text("GET /notes/https%3A%2F%2Fnotes.example%2F%C3%BC%2F10100001-DS-9")
    (tmp_path / "rows.jsonl").write_text('{"patient_id": "8"}\n{"patient_id": "7"}\n')
    (tmp_path / "packed.jsonl.gz").write_bytes(gzip.compress(b'{"of": [{"patient_id": "7"}]}'))
    (tmp_path / "other.jsonl").write_text('{"patient_id": "77", "age": "7"}\n')
    found = search(tmp_path, marks)
    assert set(found) == {"note.txt", "encoded", "rows.jsonl", "packed.jsonl.gz"}
    assert found["rows.jsonl"].named == ("patient_id",)
    assert marks.short_ids == 1


def test_vectors_are_found_by_their_beginning(tmp_path: Path) -> None:
    rows = np.random.default_rng(1).standard_normal((3, 16)).astype("<f4")
    marks = Gathered(vectors=[rows[1:2].view(np.uint8)]).marks(Windower(KEY))
    (tmp_path / "all.f32").write_bytes(rows.tobytes())
    (tmp_path / "others.f32").write_bytes(rows[[0, 2]].tobytes())
    assert set(search(tmp_path, marks)) == {"all.f32"}


def test_a_journal_finds_for_the_next_run_what_this_one_looked_for(tmp_path: Path) -> None:
    journal = Journal(tmp_path, KEY, "emma")
    journal.write(marks_of([TEXT], {Role.NOTE: {"n1"}}, journal.windower))
    again = Journal(tmp_path, KEY, "emma")
    marks = again.read()
    (tmp_path / "file").write_text(TEXT)
    assert marks is not None
    assert marks.ids[Role.NOTE] == {"n1"}
    assert search(tmp_path, marks, again.windower)["file"].marks
    again.remove()
    assert again.read() is None
    assert not (tmp_path / "erasing").exists()


def test_a_journal_names_nobody_and_is_private(tmp_path: Path) -> None:
    Journal(tmp_path, KEY, "emma").write(marks_of([TEXT], {Role.NOTE: {"emma/n1"}}))
    (path,) = (tmp_path / "erasing").iterdir()
    assert b"emma" not in path.read_bytes() + path.name.encode()
    assert not search(tmp_path, marks_of([TEXT], {Role.PATIENT: {"emma/n1"}}))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_journal_of_another_patient_or_half_of_one_is_none(tmp_path: Path) -> None:
    journal = Journal(tmp_path, KEY, "emma")
    journal.write(marks_of([TEXT]))
    assert Journal(tmp_path, KEY, "ben").read() is None
    (path,) = (tmp_path / "erasing").iterdir()
    path.write_bytes(path.read_bytes()[:100])
    assert journal.read() is None


def test_what_two_runs_looked_for_is_looked_for_once_each(tmp_path: Path) -> None:
    windower = Windower(KEY)
    first = marks_of(["the first words that were found"], {Role.NOTE: {"n1"}}, windower)
    second = marks_of(
        ["the first words that were found", "and other words found later on"], {Role.NOTE: {"n2"}}, windower
    )
    both = merged(first, second)
    (tmp_path / "one").write_text("the first words that were found")
    (tmp_path / "two").write_text("and other words found later on")
    assert both.ids[Role.NOTE] == {"n1", "n2"}
    assert both.counts() == second.counts()
    assert set(search(tmp_path, both, windower)) == {"one", "two"}
