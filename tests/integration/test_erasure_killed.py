"""An erasure that is killed after any of its steps is completed, and proved, by the next one."""

import subprocess
import sys
from pathlib import Path

import pytest

from ingest.erase.run import erase
from tests.fakes.house import House, copied, rows

pytestmark = pytest.mark.integration
STEPS = (
    "tombstone", "journal", "staging", "segment copied", "generation written", "published", "directory written",
    "manifest replaced", "generation removed", "index", "state rows", "state", "quarantine", "proved", "certificate",
)  # fmt: skip
# Forks for each step, so that all are killed at the price of one start.
CHILD = """
import os, signal, sys
from pathlib import Path
from ingest.erase.run import erase
from tests.fakes.house import House
for root in sys.argv[1:]:
    name = Path(root).name
    child = os.fork()
    if child == 0:
        erase(House(Path(root)).order(), step=lambda step: step == name and os.kill(os.getpid(), signal.SIGKILL))
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL, f"there is no step {name}"
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house for each step, in which an erasure was killed right after it."""
    root = tmp_path_factory.mktemp("killed")
    copies = [str(copied(root / step).root) for step in STEPS]
    subprocess.run([sys.executable, "-c", CHILD, *copies], timeout=100, check=True)
    return root


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_the_next_run_completes_and_proves_it(killed: Path, step: str) -> None:
    house = House(killed / step)
    assert {"ben", "cara", "dan", "eve"} <= set(house.patients())
    world = house.world()
    path = world.write("notes", rows(changed=True))
    assert world.ingest(path).rejected["erased"] == 3
    certificate = erase(house.order())
    assert certificate.complete, certificate.as_text()
    assert not house.traces()
    assert house.patients() == ["ben", "cara", "dan", "eve"]
    # What was collected before the kill is still looked for after it.
    assert certificate.marks["text of a note"] > 50
    assert not (house.index / "erasing").exists()
