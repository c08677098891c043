"""Runs that find the disk full: told in a sentence, the live index whole, and over once there is space."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
HARNESS = [sys.executable, "-m", "tests.crash.full_disk"]
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


def harness(command: list[str], repository: Path) -> dict[str, dict[str, int]]:
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, int]] = json.loads(done.stdout)
    return found


def test_a_disk_that_is_full_from_any_step_on_harms_nothing(repository: Path) -> None:
    refused = harness(HARNESS, repository)["refused_in"]
    assert {"reading", "segment", "manifest", "pointer"} <= refused.keys()


def test_a_real_disk_with_too_little_space_harms_nothing(repository: Path, tmp_path: Path) -> None:
    mount = f"mount -t tmpfs -o size=8m tmpfs '{tmp_path}'"
    if subprocess.run([*NAMESPACE, "sh", "-c", mount], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a disk of its own")
    command = [*NAMESPACE, "sh", "-c", f'{mount} && exec "$@"', "sh", *HARNESS, "--disk", str(tmp_path)]
    seen = harness(command, repository)
    assert len(seen["refused_in"]) >= 2
    assert seen["completed"]
