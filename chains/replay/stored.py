"""Stored summaries and their traces, read from the service's database without a way to write."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from chains.trace import decode_trace
from core.errors import AnamnesisError, SummaryNotFound
from core.records import Summary, Trace

FILE_NAME = "state.sqlite"
_SUMMARY: TypeAdapter[Summary] = TypeAdapter(Summary)


class StateUnreadable(AnamnesisError):
    """There is no state database, or it cannot be read."""

    code = "state_unreadable"


class SummaryUnreadable(AnamnesisError):
    """A stored summary of a form that this release does not know."""

    code = "summary_unreadable"


@dataclass(frozen=True, slots=True)
class Stored:
    """A summary as it was answered, and how it came about; `trace` is None where the release did not keep one.

    `is_whole` says that the bytes still have the digest they were stored with.
    """

    summary: Summary = field(repr=False)
    trace: Trace | None = field(repr=False)
    is_whole: bool


class StoredSummaries:
    """The summaries in one state folder. The service may run meanwhile.

    Raises:
        StateUnreadable: there is no database, or it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._path = (folder / FILE_NAME).resolve()
        with self._reading() as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "summaries" not in tables:
            raise StateUnreadable(f"{self._path} is no state database of this service")
        self._has_traces = "traces" in tables

    def ids(self) -> tuple[str, ...]:
        """The ids of all summaries, oldest first."""
        with self._reading() as connection:
            rows = connection.execute("SELECT summary_id FROM summaries ORDER BY created_at, rowid").fetchall()
        return tuple(summary_id for (summary_id,) in rows)

    def read(self, summary_id: str) -> Stored:
        """One summary.

        Raises:
            SummaryNotFound: there is none with this id.
            SummaryUnreadable, TraceUnreadable: it is of a form this release does not know.
        """
        with self._reading() as connection:
            row = connection.execute(
                "SELECT digest, body FROM summaries WHERE summary_id = ?", (summary_id,)
            ).fetchone()
            if row is None:
                raise SummaryNotFound("no stored summary has this id")
            trace = self._trace(connection, summary_id)
        digest, body = row
        try:
            summary = _SUMMARY.validate_json(body)
        except ValidationError:
            raise SummaryUnreadable("the stored summary is not in a form this release knows") from None
        return Stored(summary, trace, hashlib.sha256(body).hexdigest() == digest)

    def _trace(self, connection: sqlite3.Connection, summary_id: str) -> Trace | None:
        if not self._has_traces:
            return None
        row = connection.execute("SELECT trace FROM traces WHERE summary_id = ?", (summary_id,)).fetchone()
        return decode_trace(row[0]) if row else None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        connection = None
        try:
            connection = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True)
            yield connection
        except sqlite3.Error as e:
            raise StateUnreadable(f"{self._path} cannot be read ({e}); ANAMNESIS_STATE__DIR names its folder") from e
        finally:
            if connection is not None:
                connection.close()
