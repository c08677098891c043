"""Files that are changed, cut or lost behind everybody's back, as an operator and a service meet them."""

import contextlib
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import AnamnesisError, IndexMismatch, IndexUnavailable
from tests.crash.expectation import WORDS, differences, live
from tests.crash.nights import Author, Night
from tests.crash.runs import Place
from vectorstore import verify
from vectorstore.store import Store

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


HARMS: dict[str, Callable[[Path], None]] = {"flipped": flipped, "truncated": truncated, "missing": Path.unlink}


@pytest.fixture(scope="module")
def nights() -> list[Night]:
    author = Author(5)
    first = author.first_night(6)
    return [first, author.next_night(first)]


@pytest.fixture(scope="module")
def whole(nights: list[Night], tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("whole") / "place")
    for night in nights:
        place.ingest(night)
    return place


def of_live(place: Place) -> list[str]:
    """The files that the live generation rests on."""
    generation = live(place.index)
    manifest = f"generations/{generation.number:08d}/manifest.json"
    return ["CURRENT", manifest, *(file.path for file in generation.manifest.files())]


def verified(index: Path) -> tuple[int, str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = verify.main([str(index)])
    return code, said.getvalue()


@pytest.mark.parametrize("harm", HARMS)
def test_every_harm_to_a_live_file_is_named_and_refused_or_served_around_by_who_reads(
    harm: str, whole: Place, nights: list[Night], tmp_path: Path
) -> None:
    for number, name in enumerate(of_live(whole)):
        place = Place(tmp_path / f"{number}")
        shutil.copytree(whole.root, place.root)
        running = Store(place.index, WORDS)
        HARMS[harm](place.index / name)

        code, said = verified(place.index)
        if (harm, name) == ("missing", "CURRENT"):
            assert code == 2, said
        else:
            assert code == 1 and name.rpartition("/")[2] in said, f"{name}: {said}"
        assert re.search(r"run `[^`]+`", said), f"{name}: {said}"

        try:
            Store(place.index, WORDS).generation.patients()
        except AnamnesisError as e:
            assert isinstance(e, IndexMismatch | IndexUnavailable), name
            assert "run `" in str(e), name
        else:
            assert harm == "flipped", name
        with contextlib.suppress(AnamnesisError):
            running.refresh()
        if harm == "missing" and name != "CURRENT":
            # What it holds open outlives the names.
            assert differences(running.generation, nights[-1]) == [], name


@pytest.mark.parametrize("harm", HARMS)
def test_a_service_goes_on_with_the_old_generation_where_the_new_one_is_damaged(
    harm: str, whole: Place, nights: list[Night], tmp_path: Path
) -> None:
    for number, name in enumerate(("manifest.json", "directory.sqlite", "vectors.f32", "catalog.sqlite")):
        place = Place(tmp_path / f"{number}")
        shutil.copytree(whole.root, place.root)
        pointer = (place.index / "CURRENT").read_bytes()
        assert subprocess.run(
            [sys.executable, "-m", "vectorstore.rollback", "--dir", str(place.index)], capture_output=True
        ).returncode == 0  # fmt: skip
        running = Store(place.index, WORDS)
        assert differences(running.generation, nights[0]) == []
        newest = of_live(whole)
        victim = next(path for path in newest if path.endswith(name) and not _old(whole, path))
        HARMS[harm](place.index / victim)
        (place.index / "CURRENT").write_bytes(pointer)
        with contextlib.suppress(IndexMismatch):
            running.refresh()
        if harm != "flipped" or name == "manifest.json":
            assert differences(running.generation, nights[0]) == [], name
        code, said = verified(place.index)
        assert code == 1
        remedy = re.search(r"make rollback TO=(\d+)", said)
        assert remedy, said
        rolled = [sys.executable, "-m", "vectorstore.rollback", "--dir", str(place.index), "--to", remedy[1]]
        assert subprocess.run(rolled, capture_output=True).returncode == 0
        running.refresh()
        assert running.generation.number == int(remedy[1])
        assert any(differences(running.generation, night) == [] for night in nights), name


def _old(place: Place, path: str) -> bool:
    """Whether an older generation uses a file too."""
    generations = sorted((place.index / "generations").iterdir())
    return any(path in folder.joinpath("manifest.json").read_text() for folder in generations[:1])
