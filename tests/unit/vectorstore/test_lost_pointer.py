"""Without its pointer an index is never taken for an empty one."""

import shutil
from pathlib import Path

import pytest

from core.errors import IndexMismatch, IndexUnavailable
from tests.fakes.indexes import lined, open_store, publish
from vectorstore import writer
from vectorstore.migrate import migrate
from vectorstore.pointer import Pointer, write_pointer
from vectorstore.rollback import roll_back
from vectorstore.verify import main

ANN = {"ann": [lined("ann", "n1", "takes aspirin")]}
BOB = {"bob": [lined("bob", "n2", "walks")]}
CAT = {"cat": [lined("cat", "n3", "sleeps")]}


def patients(root: Path) -> list[str]:
    return sorted(open_store(root).generation.patient_ids())


def files(root: Path) -> list[str]:
    return sorted(str(p) for p in root.rglob("*") if p.is_file() and p.name != "writer.lock")


@pytest.fixture
def lost(tmp_path: Path) -> Path:
    """An index of two generations whose pointer is gone."""
    publish(tmp_path, ANN)
    publish(tmp_path, BOB)
    (tmp_path / "CURRENT").unlink()
    return tmp_path


def test_a_run_refuses_names_the_way_out_and_touches_nothing(lost: Path) -> None:
    before = files(lost)
    with pytest.raises(IndexMismatch, match=r"CURRENT is missing.*make rollback.*REBUILD=1` with all sources"):
        publish(lost, CAT)
    assert files(lost) == before
    roll_back(lost)
    publish(lost, CAT)
    assert patients(lost) == ["ann", "bob", "cat"]


def test_a_rebuild_goes_on_all_the_same(lost: Path) -> None:
    assert publish(lost, CAT, rebuild=True) == 3
    assert patients(lost) == ["cat"]


@pytest.mark.parametrize("keep", [1, 3])
def test_a_later_generation_that_is_alone_is_not_taken_for_the_first(tmp_path: Path, keep: int) -> None:
    for charts in (ANN, BOB):
        publish(tmp_path, charts, keep=keep)
    shutil.rmtree(tmp_path / "generations" / "00000001", ignore_errors=True)
    (tmp_path / "CURRENT").unlink()
    with pytest.raises(IndexMismatch, match="make rollback"):
        publish(tmp_path, CAT)


def test_a_first_generation_without_a_pointer_loses_nothing(tmp_path: Path) -> None:
    publish(tmp_path, ANN)
    (tmp_path / "CURRENT").unlink()
    assert publish(tmp_path, BOB) == 2
    assert patients(tmp_path) == ["ann", "bob"]


def test_a_first_publication_that_dies_before_its_pointer_every_time_still_gets_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(path: Path, pointer: Pointer) -> None:
        raise KeyboardInterrupt

    for charts in (ANN, BOB):
        monkeypatch.setattr(writer, "write_pointer", die)
        with pytest.raises(KeyboardInterrupt):
            publish(tmp_path, charts)
    monkeypatch.setattr(writer, "write_pointer", write_pointer)
    publish(tmp_path, CAT)
    assert patients(tmp_path) == ["ann", "cat"]


def test_a_generation_without_a_manifest_is_a_leftover_of_a_first_run(tmp_path: Path) -> None:
    (tmp_path / "generations" / "00000001").mkdir(parents=True)
    assert publish(tmp_path, ANN) == 2
    assert [p.name for p in (tmp_path / "generations").iterdir()] == ["00000002"]


@pytest.mark.parametrize("name", ["manifest.json", "vectors.f32"])
def test_a_first_generation_that_is_damaged_is_not_made_live(tmp_path: Path, name: str) -> None:
    publish(tmp_path, ANN)
    (tmp_path / "CURRENT").unlink()
    path = next(tmp_path.rglob(name))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    before = files(tmp_path)
    with pytest.raises(IndexMismatch, match="make rollback"):
        publish(tmp_path, BOB)
    assert files(tmp_path) == before


def test_readers_name_the_rollback_and_no_ingest(lost: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(IndexUnavailable, match=r"CURRENT is missing.*make rollback") as error:
        _ = open_store(lost).generation
    assert "ingest" not in str(error.value)
    with pytest.raises(IndexUnavailable, match="make rollback"):
        migrate(lost)
    assert main([str(lost)]) == 2
    said = capsys.readouterr().out
    assert "make rollback TO=2" in said.splitlines()[-1]
    assert "ingest" not in said


def test_readers_take_a_first_run_at_work_for_no_index_yet(tmp_path: Path) -> None:
    (tmp_path / "generations" / "00000001").mkdir(parents=True)
    with pytest.raises(IndexUnavailable, match=r"no index in .* yet: run `make ingest"):
        _ = open_store(tmp_path).generation
