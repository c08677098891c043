"""What makes a run refuse to publish: a source that is not fit to replace what the index has of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import IngestFailed
from ingest.plan import IngestPlan
from ingest.quarantine import QuarantineReport
from ingest.sources.files import showable


@dataclass(slots=True)
class Tally:
    """What one source held.

    `contested` is true where it and another source had rows with the same note id, `unprocessable` where our rules
    failed on a row, which the next run is to try again.
    """

    rows: int = 0
    bad: int = 0
    kept: int = 0
    erased: int = 0
    contested: bool = False
    incomplete: bool = False
    unprocessable: bool = False


class Limits:
    """Refuses by raising `IngestFailed`, which names the report."""

    def __init__(self, plan: IngestPlan, report: QuarantineReport) -> None:
        self._plan = plan
        self._report = report

    def unreadable(self, path: Path, where: str) -> IngestFailed:
        """The failure of a run of which a whole input cannot be read; `where` is the place of the row that says so."""
        return self._failure(f"{path} cannot be read ({where.removeprefix(f'{showable(path.name)}: ')})")

    def check_rows(self, tallies: Mapping[str, Tally]) -> None:
        """Refuse a source with too many bad rows, or without a note."""
        for source, tally in tallies.items():
            if tally.bad > self._plan.max_bad_share * tally.rows:
                raise self._failure(
                    f"{tally.bad:,} of {tally.rows:,} rows of source {source!r} are bad, more than the share of "
                    f"{self._plan.max_bad_share:g} that ANAMNESIS_INGEST__MAX_BAD_SHARE allows"
                )
            if not (tally.kept or tally.erased or self._plan.allow_empty or self._plan.allow_shrink):
                raise self._failure(
                    f"source {source!r} holds no note that can be kept; --allow-empty removes the notes it has in the "
                    "index"
                )

    def check_shrinkage(self, tallies: Mapping[str, Tally], live: Mapping[str, int]) -> None:
        """Refuse a source that came back much smaller; `live` counts the notes the index has of each."""
        for source, tally in tallies.items():
            before = live.get(source, 0)
            meant = self._plan.allow_shrink or (self._plan.allow_empty and not tally.kept)
            if not meant and not tally.incomplete and tally.kept + tally.erased < self._plan.max_shrink * before:
                raise self._failure(
                    f"source {source!r} holds {tally.kept:,} notes that can be kept and the index has {before:,} of "
                    f"it; less than the share of {self._plan.max_shrink:g} (ANAMNESIS_INGEST__MAX_SHRINK) is taken "
                    "for half an export; --allow-shrink removes the others"
                )

    def _failure(self, message: str) -> IngestFailed:
        see = f"; see {self._report.path}" if self._report.written else ""
        return IngestFailed(f"{message}; nothing was published{see}")
