"""The report of rows that were set aside: one JSON object a line, without any text of a note."""

import contextlib
import fcntl
import json
import os
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from ingest.sources import Reason, Rejected

_LABEL_BYTES = 80


class QuarantineReport:
    """Collects rejected rows in a file that takes its name once it is complete. A context manager.

    Each line holds `source`, `reason`, `where`, and `note_id` and `patient_id` where these are known. A run without
    rejected rows leaves no file. The file can be read by its owner alone, since ids may point at people.
    """

    def __init__(self, folder: Path, sources: list[str]) -> None:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        # The file system counts bytes, of which a letter has up to four.
        label = re.sub(r"[^\w.-]+", "-", "+".join(sources)).encode()[:_LABEL_BYTES].decode(errors="ignore")
        self.path = folder / f"{stamp}-{label}.jsonl"
        self.counts: Counter[Reason] = Counter()
        self._partial = self.path.with_suffix(".partial")
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def add(self, source: str, row: Rejected) -> None:
        """Count one row and write it down, unless it is of an erased patient: of those nothing is written."""
        self.counts[row.reason] += 1
        if row.reason is Reason.ERASED:
            return
        if self._file is None:
            self._partial.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.fdopen(os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w")
            fcntl.flock(self._file, fcntl.LOCK_EX)
        line = {"source": source, "reason": row.reason, "where": row.where}
        ids = {"note_id": row.note_id, "patient_id": row.patient_id}
        json.dump(line | {name: value for name, value in ids.items() if value is not None}, self._file)
        self._file.write("\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Complete the file, also after a failed run: then it is needed most."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._partial.replace(self.path)

    @property
    def written(self) -> bool:
        """True where there is something to read."""
        return self._file is not None


def clear_unfinished(folder: Path) -> None:
    """Remove the reports that killed runs left; those that a run of another index is writing stay."""
    for path in folder.glob("*.partial"):
        _remove_unless_held(path)


def _remove_unless_held(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError), path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        path.unlink()
