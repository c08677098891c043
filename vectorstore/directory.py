"""The directory of a generation: which segment holds which patient."""

# ruff: noqa: S608 -- only constants of this module are put into SQL

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import DatabaseError
from threading import Lock
from typing import Any
from weakref import finalize

from core.errors import IndexMismatch
from vectorstore.manifest import VERIFY
from vectorstore.schema import open_finished
from vectorstore.segment_builder import PatientPlace

_PAGE = 1000
PLACE = "patient_id, segment, patient_key, notes, vectors, first_charted_at, last_charted_at"


class Directory:
    """A finished directory, read-only. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._places_by_id = _Connection(path)
        # A search for part of an id may read the whole file, and who looks for one patient must not wait for that.
        self._listing = _Connection(path)

    def find(self, patient_id: str) -> PatientPlace | None:
        """Where a patient lies, or None."""
        rows = self._places_by_id.rows(f"SELECT {PLACE} FROM patients WHERE patient_id = ?", patient_id)
        return PatientPlace(*rows[0]) if rows else None

    def page(self, query: str, after: str | None, limit: int) -> list[PatientPlace]:
        """Up to `limit` patients whose id holds `query`, whatever its case, in order of id, past the id `after`.

        With a `query` that few ids hold this reads the whole directory, 0.1 s for 1.5 million patients.
        """
        where, values = _past(after)
        if query:
            where, values = [*where, "instr(folded, ?) > 0"], [*values, query.casefold()]
        return self._places(where, values, limit)

    def places(self) -> Iterator[PatientPlace]:
        """All patients in order of id; reads a page at a time."""
        page = self._places([], [], _PAGE)
        while page:
            yield from page
            page = self._places(*_past(page[-1].patient_id), _PAGE)

    def _places(self, where: list[str], values: list[str], limit: int) -> list[PatientPlace]:
        condition = f"WHERE {' AND '.join(where)}" if where else ""
        sql = f"SELECT {PLACE} FROM patients {condition} ORDER BY patient_id LIMIT ?"
        return [PatientPlace(*row) for row in self._listing.rows(sql, *values, limit)]


class _Connection:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._db = open_finished(path)
        # A connection and its statements refer to one another, so it would stay open until a garbage collection.
        finalize(self, self._db.close)

    def rows(self, sql: str, *values: Any) -> list[Any]:
        try:
            with self._lock:
                return self._db.execute(sql, values).fetchall()
        except DatabaseError:
            # The error may quote what it could not decode, which is somebody's id.
            raise IndexMismatch(f"{self._path} cannot be read: {VERIFY}") from None


def _past(after: str | None) -> tuple[list[str], list[str]]:
    # A condition that may be NULL would keep SQLite from starting at `after`: it would read all before it again.
    return ([], []) if after is None else (["patient_id > ?"], [after])
