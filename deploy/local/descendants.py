"""Every process that descends from one process, at any depth, read from /proc."""

import os
import signal
from pathlib import Path

_PROC = Path("/proc")


def descendants(ancestor: int) -> frozenset[int]:
    """Pids of the living descendants of `ancestor`, zombies left out; empty where there is no /proc."""
    children: dict[int, list[int]] = {}
    zombies = set()
    for pid, parent, state in _processes():
        children.setdefault(parent, []).append(pid)
        if state in "ZX":
            zombies.add(pid)
    found: set[int] = set()
    to_visit = [ancestor]
    while to_visit:
        below = children.get(to_visit.pop(), [])
        found.update(below)
        to_visit += below
    return frozenset(found - zombies)


def send(pids: frozenset[int], signal_number: signal.Signals) -> None:
    """Signal each process; one that is gone already is passed over."""
    for pid in pids:
        try:
            os.kill(pid, signal_number)
        except ProcessLookupError:
            continue


def _processes() -> list[tuple[int, int, str]]:
    found = []
    for entry in _PROC.iterdir() if _PROC.is_dir() else ():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        # The name, in parentheses, may hold spaces and parentheses itself.
        state, parent = stat.rpartition(")")[2].split()[:2]
        found.append((int(entry.name), int(parent), state))
    return found
