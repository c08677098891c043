"""Writers that are killed at every step and at random moments; `make test-crash KILLS=n` does more of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
KILLS = 200


@pytest.mark.timeout(600)
def test_writers_killed_in_every_phase_harm_nothing(repository: Path, tmp_path: Path) -> None:
    told = tmp_path / "tally.json"
    command = [sys.executable, "-m", "tests.crash", "--kills", str(KILLS), "--json", str(told)]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True)
    print(done.stdout)
    assert done.returncode == 0, done.stderr
    tally = json.loads(told.read_text())
    assert tally["kills"] >= KILLS
    assert tally["live_afterwards"]["old"] and tally["live_afterwards"]["new"]
    assert [phase for phase, kills in tally["by_phase"].items() if not kills] == []
