"""Every damaged byte is found, and named with its file and the way out."""

import fcntl
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.indexes import CHUNKING, EMBEDDINGS, lined, publish
from tests.fakes.staged import stage
from vectorstore.layout import Layout
from vectorstore.rollback import drop, roll_back
from vectorstore.row_key import read_row_key
from vectorstore.staging import DATABASE, Staging
from vectorstore.verify import main, verify

ANN = {"ann": [lined("ann", "n1", "takes aspirin")]}
BOB = {"bob": [lined("bob", "n2", "walks\nsleeps")]}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three generations, the second live after a rollback, with everything that can lie beside them."""
    root = tmp_path_factory.mktemp("whole")
    publish(root, ANN)
    publish(root, BOB)
    publish(root, {"ann": [lined("ann", "n1", "takes no aspirin")]})
    roll_back(root, 2)
    read_row_key(Layout(root))
    stage(root, "staged aspirin", "more of it")
    return root


@pytest.fixture
def root(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "index"))


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def run(*arguments: object) -> tuple[int, str]:
        status = main([str(argument) for argument in arguments])
        out = capsys.readouterr().out
        assert "aspirin" not in out
        return status, out

    return run


def flip(path: Path, at: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(content)


def test_a_whole_index_passes(root: Path, said: Callable[..., tuple[int, str]]) -> None:
    assert said(root) == (
        0,
        "generation 1: 3 files as published\nlive generation 2: 5 files as published\n"
        "generation 3: 5 files as published\n",
    )
    assert said(root, "--live") == (0, "live generation 2: 5 files as published\n")


def test_without_an_index_it_says_so(tmp_path: Path, said: Callable[..., tuple[int, str]]) -> None:
    status, out = said(tmp_path / "nothing")
    assert (status, "make ingest NOTES=…" in out) == (2, True)
    assert not (tmp_path / "nothing").exists()
    (tmp_path / "file").write_text("")
    status, out = said(tmp_path / "file")
    assert (status, "is no folder" in out) == (1, True)


def files_of(root: Path) -> list[str]:
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file() and p.name != "writer.lock")


def test_a_flipped_byte_in_any_file_is_found_and_the_command_it_names_mends_it(whole: Path, tmp_path: Path) -> None:
    names = files_of(whole)
    assert {Path(name).name for name in names} == {
        "CURRENT", "row.key", "manifest.json", "directory.sqlite", "catalog.sqlite", "vectors.f32", "notes.sqlite",
    }  # fmt: skip
    for name in names:
        root = tmp_path / name.replace("/", "_")
        for part in (0.1, 0.5, 0.9):
            shutil.rmtree(root, ignore_errors=True)
            shutil.copytree(whole, root)
            if name != "staging/notes.sqlite":
                flip(root / name, int((root / name).stat().st_size * part))
            else:
                spoil_text(root / name)
            report = verify(root)
            assert report.findings, f"{name} at {part}"
            assert {f.damage.path for f in report.findings} <= {root / name, root / "staging"} or name == "CURRENT"
            mend(root, report.findings[0].remedy)
            rest = verify(root)
            # What the live generation was rolled back from is damaged still, until it is dropped or collected.
            assert rest.live is not None
            for finding in rest.findings:
                assert finding.remedy.startswith("run `python -m vectorstore.rollback --dir")
                mend(root, finding.remedy)
            assert not verify(root).findings


def mend(root: Path, remedy: str) -> None:
    """Do what a remedy says."""
    if "make rollback TO=" in remedy:
        number, folder = remedy.split("TO=")[1].split("`")[0].split(" DIR=")
        assert folder == str(root)
        roll_back(root, int(number))
    elif "--drop" in remedy:
        drop(root, int(remedy.split("--drop ")[1].split("`")[0]))
    elif "rm -r" in remedy:
        shutil.rmtree(remedy.split("rm -r ")[1].split("`")[0])
    else:
        assert "make ingest NOTES=…`, which makes a new one" in remedy
        read_row_key(Layout(root))


def spoil_text(database: Path) -> None:
    content = database.read_bytes()
    flip(database, content.index(b"staged aspirin"))


def test_a_flipped_bit_of_the_staging_is_found_or_harms_nothing(tmp_path: Path) -> None:
    folder = stage(tmp_path, "staged aspirin", "more of it")
    sound = notes_of(folder)
    content = (folder / "notes.sqlite").read_bytes()
    found = 0
    for at in range(0, len(content), 97):
        shutil.rmtree(folder)
        stage(tmp_path, "staged aspirin", "more of it")
        flip(folder / "notes.sqlite", at, at % 8)
        if verify(tmp_path).findings:
            found += 1
        else:
            kept = notes_of(folder)
            assert {digest: note for digest, note in sound.items() if digest in kept} == kept
    assert found > 10


def notes_of(folder: Path) -> dict[str, str]:
    """What a run would find in a staging: the texts by digest."""
    with Staging(folder, embedding=EMBEDDINGS.spec, chunking=CHUNKING) as staging:
        digests = [staging.digest_of(row) for row in ("row 0", "row 1")]
        return {digest: staging.get(digest).text for digest in digests if digest}


@pytest.mark.parametrize("name", ["vectors.f32", "catalog.sqlite", "directory.sqlite", "manifest.json", "CURRENT"])
@pytest.mark.parametrize("harm", ["flip", "cut", "remove"])
def test_damage_with_no_older_generation_asks_for_a_rebuild(
    tmp_path: Path, said: Callable[..., tuple[int, str]], name: str, harm: str
) -> None:
    publish(tmp_path, ANN)
    path = next(tmp_path.rglob(name))
    if harm == "flip":
        flip(path, path.stat().st_size // 2)
    elif harm == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    else:
        path.unlink()
    status, out = said(tmp_path)
    if name == "CURRENT":
        # The generation itself is whole, so the pointer can be written anew.
        assert (status, "make rollback TO=1" in out) == (2 if harm == "remove" else 1, True)
    else:
        assert (status, "make ingest NOTES=… REBUILD=1" in out) == (1, True)
    assert str(path) in out


def test_a_damaged_file_of_two_generations_is_named_once_with_the_way_to_one_without_it(
    tmp_path: Path, said: Callable[..., tuple[int, str]]
) -> None:
    publish(tmp_path, ANN)
    publish(tmp_path, BOB)
    publish(tmp_path, {"cat": [lined("cat", "n3", "purrs")]})
    flip(tmp_path / "segments" / "00000002" / "vectors.f32", 40)
    status, out = said(tmp_path)
    assert status == 1
    assert out.count("vectors.f32") == 1
    assert f"make rollback TO=1 DIR={tmp_path}" in out
    status, out = said(tmp_path, "--live")
    assert (status, "make rollback TO=1" in out) == (1, True)


def test_a_missing_pointer_beside_whole_generations_is_no_empty_index(
    root: Path, said: Callable[..., tuple[int, str]]
) -> None:
    (root / "CURRENT").unlink()
    status, out = said(root)
    assert (status, f"make rollback TO=3 DIR={root}" in out) == (2, True)


def test_what_a_dead_run_left_is_no_damage(root: Path, said: Callable[..., tuple[int, str]]) -> None:
    shutil.copytree(root / "generations" / "00000003", root / "generations" / "00000004")
    (root / "generations" / "00000005").mkdir()
    (root / "segments" / "00000005").mkdir()
    (root / "generations" / "00000001" / "manifest.json").unlink()
    assert said(root)[0] == 0


@pytest.fixture
def running_writer(root: Path) -> Iterator[None]:
    with (root / "writer.lock").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.mark.usefixtures("running_writer")
def test_a_staging_that_a_run_is_at_work_on_is_left_alone(root: Path, said: Callable[..., tuple[int, str]]) -> None:
    spoil_text(root / "staging" / "notes.sqlite")
    assert said(root)[0] == 0


def test_a_staging_left_in_the_midst_of_a_write_is_for_the_next_run_to_tell(
    root: Path, said: Callable[..., tuple[int, str]]
) -> None:
    (root / "staging" / "notes.sqlite-journal").write_bytes(b"hot")
    status, out = said(root)
    assert (status, "the next run looks at it" in out) == (0, True)


def test_a_staging_that_someone_writes_to_without_the_lock_is_left_alone(
    root: Path, said: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **k, timeout=0))
    with closing(connect(root / "staging" / "notes.sqlite", isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        status, out = said(root)
    assert (status, "the next run looks at it" in out) == (0, True)


def test_looking_writes_nothing(root: Path, said: Callable[..., tuple[int, str]]) -> None:
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    said(root)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_a_staging_that_a_killed_run_had_only_begun_to_make_is_no_damage(tmp_path: Path) -> None:
    publish(tmp_path, {"ann": [lined("ann", "n", "one")]})
    staging = Layout(tmp_path).staging
    staging.mkdir()
    (staging / DATABASE).touch()
    assert verify(tmp_path).findings == ()
