import csv
import gzip
import json
import os

import pytest

from ingest.synthetic.__main__ import main, write_corpus
from ingest.synthetic.mimic_csv import COLUMNS


def rows(folder):
    with gzip.open(folder / "notes.csv.gz", "rt", encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_corpus(tmp_path / name, patients=3, seed=9, phrasing="a")
    for file in ("notes.csv.gz", "facts.jsonl"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_patient_does_not_depend_on_how_many_there_are(tmp_path):
    for n in (1, 4):
        (tmp_path / str(n)).mkdir()
        write_corpus(tmp_path / str(n), patients=n, seed=9, phrasing="b")
    few = rows(tmp_path / "1")
    assert few == rows(tmp_path / "4")[: len(few)]


def test_another_seed_or_half_gives_other_notes(tmp_path):
    texts = []
    for i, (seed, half) in enumerate([(1, "a"), (2, "a"), (1, "b"), (1, "c")]):
        (tmp_path / str(i)).mkdir()
        write_corpus(tmp_path / str(i), patients=1, seed=seed, phrasing=half)
        texts.append(rows(tmp_path / str(i))[0]["text"])
    assert len(set(texts)) == 4


def test_the_command_writes_notes_in_mimics_columns_and_a_ledger(tmp_path, capsys):
    assert main(["--patients", "2", "--seed", "4", "--out", str(tmp_path / "new" / "folder")]) == 0
    written = rows(tmp_path / "new" / "folder")
    assert tuple(written[0]) == COLUMNS
    assert {r["note_type"] for r in written} >= {"RR", "DS"} or written
    ids = {r["note_id"] for r in written}
    facts = [json.loads(line) for line in (tmp_path / "new" / "folder" / "facts.jsonl").read_text("utf-8").splitlines()]
    assert all(s["note_id"] in ids for f in facts for s in f["statements"])
    assert f"{len(written)} notes" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [["--patients", "0"], ["--patients", "-3"], ["--patients", "many"]])
def test_a_number_of_patients_below_one_is_refused(tmp_path, capsys, wrong):
    with pytest.raises(SystemExit) as stopped:
        main([*wrong, "--out", str(tmp_path)])
    assert stopped.value.code == 2
    assert "--patients" in capsys.readouterr().err


def test_an_unknown_half_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--patients", "1", "--out", str(tmp_path), "--phrasing", "d"])
    assert "--phrasing" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["--patients", "1", "--out", str(tmp_path / "file" / "below")]) == 2
    assert "cannot write to" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_named(tmp_path, capsys):
    tmp_path.chmod(0o500)
    assert main(["--patients", "1", "--out", str(tmp_path)]) == 2
    assert "choose another --out" in capsys.readouterr().err
