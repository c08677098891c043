"""Whatever becomes of the next generation, the one that is served stays, and the next look finds what was mended."""

import errno
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from app.index_watch import IndexWatch
from core.errors import IndexMismatch, IndexUnavailable
from core.telemetry import Metrics
from tests.fakes.first_schema import publish_first_schema
from tests.fakes.indexes import lined, open_store, publish
from vectorstore.layout import Layout
from vectorstore.lease import Lease
from vectorstore.rollback import roll_back
from vectorstore.store import Store

ONE = {"ann": [lined("ann", "n1", "as it was")]}
TWO = {"bob": [lined("bob", "n2", "is new")]}
Trouble = Callable[[Path], None]


def remove(name: str) -> Trouble:
    return lambda root: (root / name).unlink()


def cut(name: str) -> Trouble:
    return lambda root: os.truncate(root / name, (root / name).stat().st_size // 2)


def spoil(name: str) -> Trouble:
    def change(root: Path) -> None:
        (root / name).write_bytes(b"x" * (root / name).stat().st_size)

    return change


def become_a_folder(name: str) -> Trouble:
    def change(root: Path) -> None:
        (root / name).unlink()
        (root / name).mkdir()

    return change


def lose_everything(root: Path) -> None:
    shutil.rmtree(root)


def become_a_file(root: Path) -> None:
    shutil.rmtree(root)
    root.write_text("no folder")


def go_back_to_the_first_schema(root: Path) -> None:
    shutil.rmtree(root)
    publish_first_schema(root, ONE)


TROUBLES: dict[str, Trouble] = {
    **{
        f"{harm.__name__} {Path(name).name}": harm(name)
        for harm in (remove, cut, spoil, become_a_folder)
        for name in (
            "CURRENT",
            "generations/00000002/manifest.json",
            "generations/00000002/directory.sqlite",
            "segments/00000002/catalog.sqlite",
            "segments/00000002/vectors.f32",
        )
        # The vectors of another patient cannot be told from nonsense without reading them all.
        if (harm, name) != (spoil, "segments/00000002/vectors.f32")
    },
    "everything is gone": lose_everything,
    "a file in place of the index": become_a_file,
    "the first schema": go_back_to_the_first_schema,
}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A copy of the index at its second generation, to mend from."""
    publish(tmp_path / "index", ONE)
    publish(tmp_path / "elsewhere", ONE)
    publish(tmp_path / "elsewhere", TWO)
    return tmp_path / "elsewhere"


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
def test_trouble_with_the_next_generation_leaves_the_one_before_and_can_be_mended(
    whole: Path, trouble: Trouble
) -> None:
    root = whole.with_name("index")
    store = open_store(root)
    before = store.generation
    replace_by_copy(root, whole)
    trouble(root)
    opened = open_files()
    for _ in range(3):
        with pytest.raises((IndexMismatch, IndexUnavailable), match=r"run `|set ANAMNESIS_INDEX__DIR|cannot be"):
            store.refresh()
        assert store.generation is before
        assert store.generation.note("n1").text == "as it was"
        assert [hit.chunk.note_id for hit in store.generation.chart("ann").search("was")] == ["n1"]
    assert open_files() <= opened
    replace_by_copy(root, whole)
    assert store.refresh()
    assert store.generation.note("n2").text == "is new"


def replace_by_copy(root: Path, whole: Path) -> None:
    if root.is_file():
        root.unlink()
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(whole, root)


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@contextmanager
def few_open_files(left: int) -> Iterator[None]:
    """A limit that leaves so many files to be opened."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + left + 2, hard))
    taken = []
    try:
        with suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        for _ in range(left):
            os.close(taken.pop())
        yield
    finally:
        for handle in taken:
            os.close(handle)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("left", range(3))
def test_a_process_out_of_files_goes_on_with_what_it_has(tmp_path: Path, left: int) -> None:
    publish(tmp_path, ONE)
    store = open_store(tmp_path)
    publish(tmp_path, TWO)
    opened = open_files()
    with few_open_files(left):
        for _ in range(3):
            with pytest.raises((IndexMismatch, IndexUnavailable)):
                store.refresh()
            assert store.generation.note("n1").text == "as it was"
    assert open_files() == opened
    assert store.refresh()
    assert store.generation.note("n2").text == "is new"


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOMEM, errno.EACCES, errno.ESTALE])
@pytest.mark.parametrize("where", [(Lease, "read"), (np, "memmap"), (Path, "stat"), (Path, "read_bytes")])
def test_a_machine_that_fails_leaves_the_generation_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: tuple[object, str], code: int
) -> None:
    publish(tmp_path, ONE)
    store = open_store(tmp_path)
    publish(tmp_path, TWO)

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(*where, fail)
        for _ in range(3):
            with pytest.raises((IndexMismatch, IndexUnavailable), match=os.strerror(code)):
                store.refresh()
    assert store.generation.number == 1
    assert store.refresh()


def test_a_generation_that_is_collected_while_it_is_being_opened_is_followed_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path, ONE)
    store = open_store(tmp_path)
    publish(tmp_path, TWO, keep=1)
    read, texts = Lease.read, ["is newer", "is newest"]

    def overtaken(lease: Lease) -> bytes:
        # As where the file system knows no locks.
        content = read(lease)
        if texts:
            lease.release()
            monkeypatch.setattr(Lease, "read", read)
            publish(tmp_path, {"bob": [lined("bob", "n2", texts.pop(0))]}, keep=1)
            monkeypatch.setattr(Lease, "read", overtaken)
        return content

    monkeypatch.setattr(Lease, "read", overtaken)
    assert store.refresh()
    assert store.generation.number == 4
    assert store.generation.note("n2").text == "is newest"


def test_a_rollback_is_followed_like_a_publication_and_segments_are_shared(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    publish(tmp_path, TWO)
    store = open_store(tmp_path)
    first = store.generation.open_segments()["00000001"]
    roll_back(tmp_path)
    assert store.refresh()
    assert store.generation.number == 1
    assert store.generation.open_segments()["00000001"] is first
    roll_back(tmp_path, 2)
    assert store.refresh()
    assert store.generation.note("n2").text == "is new"


async def test_the_service_goes_on_and_says_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    publish(tmp_path, ONE)
    watch = IndexWatch(lambda: open_store(tmp_path), Metrics())
    await watch.look()
    publish(tmp_path, TWO)
    sound = (tmp_path / "CURRENT").read_bytes()
    (tmp_path / "CURRENT").write_text("?")
    for _ in range(3):
        await watch.look()
        assert watch.generation.number == 1
    # At which level others log in this process is theirs; what is said of the trouble is what counts.
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["index not usable"]
    (tmp_path / "CURRENT").write_bytes(sound)
    await watch.look()
    assert watch.generation.number == 2


async def test_a_service_that_starts_while_its_files_cannot_be_opened_waits_for_them(tmp_path: Path) -> None:
    failures = [IndexUnavailable("vectors.f32 cannot be opened (Too many open files)")]
    publish(tmp_path, ONE)

    def opening() -> Store:
        if failures:
            raise failures.pop()
        return open_store(tmp_path)

    watch = IndexWatch(opening, Metrics())
    await watch.look()
    with pytest.raises(IndexUnavailable, match="Too many open files"):
        _ = watch.generation
    await watch.look()
    assert watch.generation.number == 1


def test_odd_times_of_files_and_pointers_decide_nothing(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    store = open_store(tmp_path)
    for stamp in (0, 2**33, 1):
        text = f"at {stamp}"
        publish(tmp_path, {"bob": [lined("bob", "n2", text)]})
        for path in (Layout(tmp_path).pointer, *tmp_path.rglob("manifest.json")):
            os.utime(path, (stamp, stamp))
        assert store.refresh()
        assert store.checked_at() == stamp
        assert store.generation.note("n2").text == text
        assert not store.refresh()
