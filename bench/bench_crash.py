"""The tally of killed writers: how many kills in which phase, and what was live afterwards."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.figures import Figure

KILLS = 1000


def run() -> list[Figure]:
    """Kill writers at every step and at random moments. A kill that does harm fails the bench."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "tally.json"
        command = [sys.executable, "-m", "tests.crash", "--kills", str(KILLS), "--json", str(told)]
        subprocess.run(command, stdout=sys.stderr, check=True)  # noqa: S603
        tally = json.loads(told.read_text())
    seen = "live generation whole, verify finds nothing, next run completes and tidies up"
    live = ", ".join(f"{count} times the {name} one" for name, count in sorted(tally["live_afterwards"].items()))
    return [
        Figure("kills without harm", tally["kills"], "", 200, "at_least", seen),
        Figure(
            "kills made as power cuts", tally["power_cuts"], "", baseline=f"unsynced bytes cut off; live then: {live}"
        ),
        *(Figure(f"kills while {phase}", kills, "") for phase, kills in tally["by_phase"].items()),
    ]
