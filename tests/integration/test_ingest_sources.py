"""Sources of several forms in one index, and such as are not what a run hopes for."""

import csv
import gzip
import io
import json
import os
from pathlib import Path

import pytest

from core.errors import IngestFailed
from ingest.deidentify import Identifier, PatternDetector
from ingest.sources import Reason
from ingest.sources.langchain_faiss import main as import_langchain
from tests.fakes.ingest_world import World, row

pytestmark = pytest.mark.integration

MIMIC_III = "ROW_ID,SUBJECT_ID,HADM_ID,CHARTDATE,CHARTTIME,STORETIME,CATEGORY,DESCRIPTION,CGID,ISERROR,TEXT"
MIMIC_IV = "note_id,subject_id,hadm_id,note_type,note_seq,charttime,storetime,text"
BRACKETS = "Seen by Dr. [**Name (STitle) 17**] on [**2150-3-4**]. Started lisinopril 10 mg daily."


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def table(path: Path, header: str, *rows: list[str]) -> Path:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([header.split(","), *rows])
    path.write_bytes(gzip.compress(out.getvalue().encode()))
    return path


def test_both_mimics_stand_in_one_index(world: World) -> None:
    third = table(
        world.root / "NOTEEVENTS.csv.gz",
        MIMIC_III,
        [
            "1",
            "41",
            "150001",
            "2150-03-04",
            "",
            "",
            "Physician ",
            "Physician Resident Admission Note",
            "",
            "",
            BRACKETS,
        ],
        ["2", "41", "150001", "2150-03-05", "2150-03-05 07:00:00", "", "Nursing/other", "Report", "", "", BRACKETS],
        ["3", "41", "150001", "2150-03-06", "", "", "ECG", "Report", "", "1", "Not this patient's."],
    )
    fourth = table(
        world.root / "discharge.csv.gz",
        MIMIC_IV,
        ["1", "10000041", "20000001", "DS", "1", "2180-05-07 00:00:00", "", "Discharged well on lisinopril."],
    )
    outcome = world.ingest(third, fourth, policy="trust")
    assert world.notes() == {"mimic-iii/1": "41", "mimic-iii/2": "41", "1": "10000041"}
    chart = world.live().chart("41")
    assert [(h.note_type, h.charted_at) for h in chart.headers] == [
        ("history and physical", "2150-03-04"),
        ("nursing note", "2150-03-05T07:00:00"),
    ]
    assert chart.note("mimic-iii/1").text == BRACKETS
    assert [(s.note_id, s.reason) for s in chart.skipped] == [("mimic-iii/3", "entered_in_error")]
    assert outcome.rejected == {Reason.ENTERED_IN_ERROR: 1}


class CutsTheFile(PatternDetector):
    """A detector at whose first note the export it comes from is written anew."""

    def __init__(self, path: Path) -> None:
        self.path: Path | None = path

    def detect(self, text: str) -> list[Identifier]:
        if self.path:
            os.truncate(self.path, self.path.stat().st_size // 2)
            self.path = None
        return super().detect(text)


def test_a_source_that_is_still_being_written_removes_nothing(world: World) -> None:
    notes = [row(f"n{i}", f"p{i}", text="Lisinopril. " * 50) for i in range(2000)]
    world.ingest(world.write("a", notes[:20]))
    path = world.write("a", notes[10:])
    world.detector = CutsTheFile(path)
    with pytest.raises(IngestFailed, match=r"a\.jsonl cannot be read \(changed while it was read"):
        world.ingest(path, max_bad_share=1, max_shrink=0)
    assert len(world.notes()) == 20
    (report,) = (world.root / "quarantine").glob("*.jsonl")
    assert "changed while it was read" in report.read_text()


def test_names_and_ids_from_hostile_hands_neither_stop_a_run_nor_reach_the_index(world: World) -> None:
    folder = world.root / "notes"
    for name in (b"p\xe9/a.txt", b"p\nq/a.txt", b"p \xf0\x9f\xa9\xba/a/b/c.txt"):
        path = folder / os.fsdecode(name)
        path.parent.mkdir(parents=True)
        path.write_text("On lisinopril.")
    outcome = world.ingest(folder, max_bad_share=1)
    assert world.notes() == {"p 🩺/a/b/c": "p 🩺"}
    assert outcome.rejected == {Reason.INVALID_ID: 2}
    assert outcome.report is not None
    places = [json.loads(line)["where"] for line in outcome.report.read_text().splitlines()]
    assert sorted(places) == ["p\ufffd/a.txt", "p\ufffdq/a.txt"]


@pytest.mark.filterwarnings("ignore")
def test_a_langchain_folder_becomes_charts(world: World) -> None:
    faiss = pytest.importorskip("langchain_community.vectorstores").FAISS
    from langchain_core.embeddings import DeterministicFakeEmbedding

    texts = ["Plan:\nStart lisinopril 10 mg daily and", "lisinopril 10 mg daily and see in two weeks."]
    metadata = [{"pid": 7, "nid": "n1", "when": "2150-03-04", "kind": "letter"}] * 2
    folder, out = world.root / "faiss", world.root / "old.jsonl"
    faiss.from_texts(texts, DeterministicFakeEmbedding(size=4), metadata).save_local(str(folder))
    keys = ["--patient-key", "pid", "--note-key", "nid", "--date-key", "when", "--type-key", "kind"]
    assert import_langchain([str(folder), str(out), *keys]) == 0
    world.ingest(out)
    chart = world.live().chart("7")
    assert chart.note("n1").text == "Plan:\nStart lisinopril 10 mg daily and see in two weeks."
    assert [(h.note_type, h.charted_at) for h in chart.headers] == [("letter", "2150-03-04")]
    assert any(fact.name == "lisinopril" for fact in chart.facts())
