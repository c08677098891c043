"""Going back to an older generation, and forward again."""

import json
from pathlib import Path

import pytest

from core.errors import IndexMismatch, IndexUnavailable, IngestFailed
from tests.fakes.indexes import lined, open_store, open_writer, publish
from vectorstore.layout import Layout
from vectorstore.pointer import read_pointer
from vectorstore.rollback import drop, main, roll_back
from vectorstore.seal import sealed
from vectorstore.verify import verify


def say(root: Path, text: str, **changes: object) -> int:
    return publish(root, {"ann": [lined("ann", "n1", text)]}, **changes)


def said(root: Path) -> str:
    return open_store(root).generation.note("n1").text


def generations(root: Path) -> list[int]:
    return Layout(root).generation_numbers()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An index whose three generations say their own numbers."""
    for text in ("one", "two", "three"):
        say(tmp_path, text)
    return tmp_path


def test_without_a_number_it_goes_to_the_one_before_and_the_service_follows(root: Path) -> None:
    store = open_store(root)
    assert roll_back(root).number == 2
    assert store.refresh()
    assert (store.generation.number, store.generation.note("n1").text) == (2, "two")
    assert generations(root) == [1, 2, 3]


def test_one_can_go_forward_again(root: Path) -> None:
    assert roll_back(root, 1).number == 1
    assert said(root) == "one"
    assert roll_back(root, 2).number == 2
    assert roll_back(root, 3).number == 3
    assert said(root) == "three"
    pointer = read_pointer(root / "CURRENT")
    assert pointer is not None
    assert pointer.newest is None


def test_the_next_publication_starts_from_it_with_a_fresh_number_and_ends_the_way_forward(root: Path) -> None:
    roll_back(root, 1)
    publish(root, {"bob": [lined("bob", "n2", "new")]})
    generation = open_store(root).generation
    assert (generation.number, generation.note("n1").text, generation.note("n2").text) == (4, "one", "new")
    assert generation.manifest.follows == 1
    assert generations(root) == [1, 4]
    with pytest.raises(IndexUnavailable, match="generation 3 is not kept"):
        roll_back(root, 3)


def test_a_run_that_publishes_nothing_leaves_the_way_forward(root: Path) -> None:
    roll_back(root, 1)
    publish(root, {})
    with pytest.raises(RuntimeError), open_writer(root) as writer:
        writer.remove_patient("ann")
        raise RuntimeError("the source went away")
    assert generations(root) == [1, 2, 3]
    roll_back(root, 3)
    assert said(root) == "three"


def test_what_was_gone_back_from_is_not_what_came_before(root: Path) -> None:
    roll_back(root, 2)
    say(root, "four", keep=2)
    assert generations(root) == [2, 4]
    assert roll_back(root).number == 2


def test_refuses_a_damaged_generation_and_says_what_is_kept(root: Path) -> None:
    path = root / "segments" / "00000002" / "catalog.sqlite"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(IndexMismatch, match=r"catalog.sqlite has changed.*live generation stays.*kept are 1, 2, 3"):
        roll_back(root, 2)
    assert said(root) == "three"
    # Without a number the next whole one is taken.
    assert roll_back(root).number == 1


def test_refuses_what_is_not_kept_and_what_was_never_published(root: Path) -> None:
    folder = Layout(root).generation(7)
    folder.mkdir()
    manifest = json.loads((Layout(root).generation(3) / "manifest.json").read_text())
    del manifest["checksum"]
    (folder / "manifest.json").write_bytes(sealed({**manifest, "generation": 7}))
    for number in (0, 7, 99):
        with pytest.raises(IndexUnavailable, match=f"generation {number} is not kept"):
            roll_back(root, number)
    assert said(root) == "three"


def test_refuses_while_a_writer_is_at_work(root: Path) -> None:
    with open_writer(root), pytest.raises(IngestFailed, match="another writer"):
        roll_back(root)
    assert said(root) == "three"


def test_a_generation_of_another_schema_is_refused_with_both_versions(root: Path) -> None:
    path = Layout(root).generation(1) / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 99}))
    with pytest.raises(IndexMismatch, match="schema 99 and this program reads 2"):
        roll_back(root, 1)


def test_a_pointer_that_is_damaged_or_lost_is_written_anew(root: Path) -> None:
    (root / "CURRENT").write_text("nonsense")
    assert roll_back(root).number == 3
    assert said(root) == "three"
    (root / "CURRENT").unlink()
    assert roll_back(root, 2).number == 2
    assert said(root) == "two"
    assert roll_back(root, 3).number == 3
    assert not verify(root).findings


def test_a_compaction_is_not_gone_back_to_what_it_compacts(root: Path) -> None:
    path = Layout(root).generation(3) / "manifest.json"
    raw = json.loads(path.read_text())
    del raw["checksum"]
    path.write_bytes(sealed({**raw, "compacts": 2}))
    roll_back(root, 3)
    assert roll_back(root).number == 1
    assert roll_back(root, 2).number == 2


def test_a_dropped_generation_is_gone_and_the_live_one_is_not_dropped(root: Path) -> None:
    with pytest.raises(IndexMismatch, match="generation 3 is live"):
        drop(root, 3)
    roll_back(root, 1)
    drop(root, 3)
    assert generations(root) == [1, 2]
    assert not verify(root).findings
    assert roll_back(root, 2).number == 2
    drop(root, 1)
    with pytest.raises(IndexUnavailable, match="generation 1 is not kept"):
        drop(root, 1)
    publish(root, {}, keep=1)
    assert sorted(path.name for path in (root / "segments").iterdir()) == ["00000002"]


def test_a_generation_that_a_reader_holds_is_not_dropped(root: Path) -> None:
    held = open_store(root).generation
    roll_back(root, 1)
    with pytest.raises(IndexMismatch, match="a reader holds generation 3"):
        drop(root, 3)
    assert held.note("n1").text == "three"
    assert roll_back(root, 3).number == 3


def test_the_command_lists_moves_and_refuses(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        return main(["--dir", str(root), *arguments]), capsys.readouterr().out

    status, out = run()
    assert status == 0
    assert out.startswith("live now:        2  20")
    status, out = run("--list")
    lines = out.splitlines()
    assert (status, len(lines)) == (0, 3)
    assert "3  20" in lines[0]
    assert lines[0].endswith("1 patients  1 notes  gone back from; stays until the next publication")
    assert lines[1].endswith("1 patients  1 notes  live")
    assert run("--to", "9") == (2, f"generation 9 is not kept in {root}: kept are 1, 2, 3 "
                                   "(`python -m vectorstore.rollback --list`)\n")  # fmt: skip
    assert run("--drop", "3") == (0, "generation 3 is gone\n")
    with open_writer(root):
        status, out = run("--to", "1")
    assert (status, "another writer" in out) == (1, True)


def test_without_an_index_nothing_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--dir", str(tmp_path / "nothing")]) == 2
    assert "there is no index" in capsys.readouterr().out
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("published_at", [-1e12, 0.0, 4e9, 1e300, float("inf")])
def test_a_clock_that_was_wrong_does_not_matter(root: Path, published_at: float) -> None:
    path = Layout(root).generation(3) / "manifest.json"
    raw = json.loads(path.read_text())
    del raw["checksum"]
    path.write_bytes(sealed({**raw, "published_at": published_at}))
    roll_back(root, 3)
    assert main(["--dir", str(root), "--list"]) == 0
    assert roll_back(root).number == 2
    say(root, "four", keep=2)
    assert generations(root) == [2, 4]
