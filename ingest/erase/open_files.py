"""Files that were removed and that some process still holds open: their bytes are on disk until it lets go."""

import os
from collections.abc import Sequence
from pathlib import Path

_DELETED = " (deleted)"


def holders(roots: Sequence[Path], proc: Path = Path("/proc")) -> tuple[str, ...]:
    """Processes of this machine, as far as this user may see them, with a removed file of these folders open."""
    below = tuple(f"{root.resolve()}/" for root in roots)
    others = (folder for folder in sorted(proc.glob("[0-9]*")) if folder.name != str(os.getpid()))
    return tuple(
        f"{_name(folder)} ({folder.name})"
        for folder in others
        if any(path.startswith(below) for path in _removed(folder))
    )


def _removed(process: Path) -> set[str]:
    paths: set[str] = set()
    try:
        with (process / "maps").open() as maps:
            paths.update(line.split(None, 5)[-1].rstrip("\n") for line in maps if line.rstrip("\n").endswith(_DELETED))
    except OSError:
        pass
    try:
        for handle in (process / "fd").iterdir():
            try:
                paths.add(str(handle.readlink()))
            except OSError:
                continue
    except OSError:
        pass
    return {path.removesuffix(_DELETED) for path in paths if path.endswith(_DELETED)}


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "a process"
