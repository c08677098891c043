"""`make ingest` hands over the paths and options it is given."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def binaries(tmp_path: Path) -> Path:
    """A folder whose `python` prints its arguments, one a line."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "python").write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    (folder / "python").chmod(0o755)
    return folder


def make(binaries: Path, *variables: str) -> tuple[int, list[str]]:
    command = ["make", "ingest", f"BIN={binaries}", "RUN=", *variables]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout.splitlines()


def test_notes_are_several_paths_unless_there_is_one_of_that_name(tmp_path: Path, binaries: Path) -> None:
    assert make(binaries, "NOTES=a.csv.gz  b*.jsonl") == (0, ["-m", "ingest", "--", "a.csv.gz", "b*.jsonl"])
    odd = tmp_path / 'the doctor\'s "notes".csv'
    odd.touch()
    assert make(binaries, f"NOTES={odd}") == (0, ["-m", "ingest", "--", str(odd)])


def test_options_are_handed_on(binaries: Path) -> None:
    flags = [f"{name}=1" for name in ("REBUILD", "NO_SKIP", "ALLOW_SHRINK", "ALLOW_EMPTY")]
    code, said = make(binaries, "NOTES=a", "FORMAT=jsonl", "SOURCE=ward 3", "DEIDENTIFY=trust", *flags)
    assert (code, said[2:]) == (0, [
        "--source-format", "jsonl", "--source", "ward 3", "--deidentify", "trust", "--rebuild", "--no-skip",
        "--allow-shrink", "--allow-empty", "--", "a",
    ])  # fmt: skip


def test_without_notes_it_says_what_is_missing(binaries: Path) -> None:
    assert make(binaries) == (2, [])
