"""Two writers at once, whichever they are: one is told so at once, and nothing is harmed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.crash.expectation import differences, live
from tests.crash.nights import Author, export
from tests.crash.runs import Place

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
AT_WORK = "another writer is at work"


def started(place: Place, repository: Path, *arguments: str) -> "subprocess.Popen[str]":
    """One of the operator's commands on this index."""
    variables = {
        "ANAMNESIS_INDEX__DIR": str(place.index),
        "ANAMNESIS_INGEST__QUARANTINE_DIR": str(place.quarantine),
        "ANAMNESIS_STATE__DIR": str(place.root / "state"),
    }
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=repository,
        env={**os.environ, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def writer_at_work(place: Place, repository: Path) -> Iterator["subprocess.Popen[str]"]:
    """A run that has begun to embed, and goes on when it is told to."""
    with started(place, repository, "-m", "tests.crash.waiting_run", str(place.root)) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "embedding\n"
        try:
            yield running
        finally:
            running.kill()


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "tests.crash.waiting_run", "{root}"),
        ("-m", "vectorstore.rollback"),
        ("-m", "ingest.erase", "p01", "--wait", "0"),
    ],
    ids=["ingest", "rollback", "erase"],
)
def test_a_second_writer_is_told_at_once_and_the_first_one_completes(
    command: tuple[str, ...], repository: Path, tmp_path: Path
) -> None:
    place, author = Place(tmp_path), Author(1)
    first = author.first_night(6)
    for night in (first, second := author.next_night(first)):
        place.ingest(night)
    third = author.next_night(second)
    export(third, place.export)
    with writer_at_work(place, repository) as running:
        began = time.monotonic()
        with started(place, repository, *(word.format(root=tmp_path) for word in command)) as other:
            said, _ = other.communicate(timeout=60)
        taken = time.monotonic() - began
        assert differences(live(place.index), second) == []
        running.communicate("go on\n", timeout=60)
    assert other.returncode == 1
    assert AT_WORK in said
    assert "Traceback" not in said
    assert taken < 45
    assert running.returncode == 0
    assert place.damage() == ""
    erased = {"p01"} if "ingest.erase" in command else set()
    assert differences(live(place.index), {i: n for i, n in third.items() if n.patient_id not in erased}) == []
