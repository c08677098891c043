"""What a power cut takes that a kill leaves: everything that was written and not synced."""

import os
from pathlib import Path

# SQLite syncs its own files from within, where nobody sees it; the lock and its like hold nothing.
_LEFT_ALONE = (".lock", ".sqlite-wal", ".sqlite-shm", ".sqlite-journal")


class PowerCut:
    """Made before a run. `strike`, after the kill, cuts every file back to what had been synced of it."""

    def __init__(self, index: Path, journal: Path) -> None:
        self._index = index
        self.journal = journal
        self._synced = {status.st_ino: status.st_size for _, status in _files(index)}
        journal.unlink(missing_ok=True)

    def strike(self) -> None:
        """Lose what was not synced."""
        lines = self.journal.read_text().splitlines() if self.journal.exists() else []
        synced = self._synced | {int(inode): int(size) for inode, size in map(str.split, lines)}
        for path, status in _files(self._index):
            of_staging = path.relative_to(self._index).parts[0].startswith("staging") and ".sqlite" in path.name
            if not of_staging and not path.name.endswith(_LEFT_ALONE):
                os.truncate(path, min(status.st_size, synced.get(status.st_ino, 0)))


def _files(folder: Path) -> list[tuple[Path, os.stat_result]]:
    return [(path, path.stat()) for path in folder.rglob("*") if path.is_file()]
