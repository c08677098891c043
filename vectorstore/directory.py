"""The directory of a generation: which segment holds which patient."""

# ruff: noqa: S608 -- only constants of this module are put into SQL

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import finalize

from vectorstore.durable import sync_file
from vectorstore.manifest import Counts
from vectorstore.schema import DIRECTORY_SCHEMA, create, open_finished, open_for_update
from vectorstore.segment_builder import PatientPlace

_PAGE = 1000
_PLACE = "patient_id, segment, patient_key, notes, vectors, first_charted_at, last_charted_at"


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a segment a generation still uses."""

    patients: int
    vectors: int


class Directory:
    """A finished directory, read-only. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        self._db = open_finished(path)
        # A connection and its statements refer to one another, so it would stay open until a garbage collection.
        finalize(self, self._db.close)

    def find(self, patient_id: str) -> PatientPlace | None:
        """Where a patient lies, or None."""
        rows = self._rows(f"SELECT {_PLACE} FROM patients WHERE patient_id = ?", patient_id)
        return PatientPlace(*rows[0]) if rows else None

    def page(self, query: str, after: str | None, limit: int) -> list[PatientPlace]:
        """Up to `limit` patients whose id holds `query`, whatever its case, in order of id, past the id `after`."""
        rows = self._rows(
            f"SELECT {_PLACE} FROM patients WHERE (? IS NULL OR patient_id > ?) AND (? = '' OR instr(folded, ?) > 0) "
            "ORDER BY patient_id LIMIT ?",
            after,
            after,
            *(query.casefold(),) * 2,
            limit,
        )
        return [PatientPlace(*row) for row in rows]

    def places(self) -> Iterator[PatientPlace]:
        """All patients in order of id; reads a page at a time."""
        after: str | None = None
        while True:
            rows = self._rows(
                f"SELECT {_PLACE} FROM patients WHERE (? IS NULL OR patient_id > ?) ORDER BY patient_id LIMIT ?",
                *(after, after, _PAGE),
            )
            yield from (PatientPlace(*row) for row in rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()


class DirectoryDraft:
    """The directory of a generation that is being written: a copy of the last one with changes on top."""

    def __init__(self, path: Path, previous: Path | None) -> None:
        self._path = path
        if previous is None:
            self._db = create(path, DIRECTORY_SCHEMA)
        else:
            shutil.copyfile(previous, path)
            self._db = open_for_update(path)
        self._db.execute("BEGIN")

    def put(self, place: PatientPlace) -> None:
        """Set where a patient lies."""
        self._db.execute(
            "INSERT OR REPLACE INTO patients VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                place.patient_id,
                place.patient_id.casefold(),
                place.segment,
                place.patient_key,
                place.notes,
                place.vectors,
                place.first_charted_at,
                place.last_charted_at,
            ),
        )

    def remove(self, patient_id: str) -> None:
        """Leave a patient out."""
        self._db.execute("DELETE FROM patients WHERE patient_id = ?", (patient_id,))

    def find(self, patient_id: str) -> PatientPlace | None:
        """Where a patient lies so far."""
        row = self._db.execute(f"SELECT {_PLACE} FROM patients WHERE patient_id = ?", (patient_id,)).fetchone()
        return PatientPlace(*row) if row else None

    def places(self, segment: str) -> list[PatientPlace]:
        """The patients of one segment so far, in order of id."""
        rows = self._db.execute(f"SELECT {_PLACE} FROM patients WHERE segment = ? ORDER BY patient_id", (segment,))
        return [PatientPlace(*row) for row in rows]

    def shares(self) -> dict[str, Share]:
        """For each segment that is still used, how much of it is."""
        rows = self._db.execute("SELECT segment, count(*), sum(vectors) FROM patients GROUP BY segment")
        return {segment: Share(patients, vectors) for segment, patients, vectors in rows}

    def counts(self) -> Counts:
        """What the generation will hold."""
        row = self._db.execute(
            "SELECT count(*), coalesce(sum(notes), 0), coalesce(sum(vectors), 0) FROM patients"
        ).fetchone()
        return Counts(*row)

    def finish(self) -> None:
        """Close the file and wait until it is on disk."""
        self._db.execute("COMMIT")
        self._db.close()
        sync_file(self._path)

    def abandon(self) -> None:
        """Close the file without finishing it."""
        self._db.close()
