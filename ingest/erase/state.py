"""Erasing a patient from the service's database, by SQL, while the service may be running on it.

Summaries, traces, replays, their places in the cache and feedback go. Audit entries stay, without what they name: that
somebody did something then. The triggers that make the log append-only are taken away and put back within the one
transaction that strips them, so that nobody else ever meets the log without them.
"""

import json
import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from core.errors import IngestFailed
from ingest.erase.marks import Gathered, Role, telling

FILE = "state.sqlite"
TABLES = frozenset(
    {"summaries", "traces", "replays", "summary_cache", "feedback", "batches", "batch_items", "audit", "sessions"}
)
# Those that name a summary first, so that none is left without it.
_OF_SUMMARIES = ("summary_cache", "replays", "feedback", "traces", "summaries")
STRIPPED = "erased"
_BUSY_S = 5.0
_PAUSE_S = 0.2


@dataclass(frozen=True, slots=True)
class Entry:
    """An audit entry of the erasure itself. It names nobody but who asked."""

    request_id: str
    caller: str
    action: str
    purpose: str
    target: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Cleared:
    """How many rows went, by table, and how many audit entries were stripped."""

    rows: dict[str, int]
    stripped: int


class StateFile:
    """The service's database as an eraser sees it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    @property
    def exists(self) -> bool:
        """Whether a service ever ran on it."""
        return self.path.exists()

    def gather(self, patient_id: str, found: Gathered) -> None:
        """Add what the database holds of a patient."""
        with self._reading() as db:
            for summary_id, digest, note_ids, provenance, body, trace in db.execute(
                "SELECT summary_id, digest, note_ids, provenance, body, trace FROM summaries LEFT JOIN traces "
                "USING (summary_id) WHERE patient_id = ?",
                (patient_id,),
            ):
                found.ids[Role.SUMMARY].add(summary_id)
                found.ids[Role.NOTE].update(json.loads(note_ids))
                found.digests.update({digest, str(json.loads(provenance).get("patient_digest") or digest)})
                found.answers += [*_strings(_parsed(body)), *_strings(_parsed(trace))]
            for table, column in (("summary_cache", "key"), ("replays", "made_for")):
                if _has_column(db, table, column):
                    keys = f"SELECT {column} FROM {table} JOIN summaries USING (summary_id) WHERE patient_id = ?"  # noqa: S608
                    found.digests.update(key for (key,) in db.execute(keys, (patient_id,)) if key)
            for (note_ids,) in db.execute("SELECT note_ids FROM audit WHERE patient_id = ?", (patient_id,)):
                found.ids[Role.NOTE].update(json.loads(note_ids))
            found.answers += [
                comment
                for (comment,) in db.execute(
                    "SELECT comment FROM feedback JOIN summaries USING (summary_id) WHERE patient_id = ?", (patient_id,)
                )
            ]

    def clear(self, patient_id: str, ids: dict[Role, frozenset[str]], entry: Entry, *, wait_s: float) -> Cleared:
        """Delete and strip, and write `entry`, in one transaction.

        Raises:
            IngestFailed: the service did not let go of the database in time.
        """

        def job(db: sqlite3.Connection) -> Cleared:
            db.execute("BEGIN IMMEDIATE")
            try:
                cleared = _clear(db, patient_id, ids)
                _insert(db, entry)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            return cleared

        cleared: Cleared = self._insisting(job, wait_s)
        return cleared

    def write(self, entry: Entry, *, wait_s: float) -> None:
        """Append an audit entry."""
        self._insisting(lambda db: _insert(db, entry), wait_s)

    def wipe(self, *, wait_s: float) -> None:
        """Write the file anew without free pages and slack, and empty the write-ahead log.

        Raises:
            IngestFailed: the service did not let go of the database in time.
        """

        def job(db: sqlite3.Connection) -> None:
            db.execute("VACUUM")
            (busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise sqlite3.OperationalError("database is locked")

        self._insisting(job, wait_s)

    def words_of_others(self, patient_id: str, served: Collection[str]) -> Iterator[bytes]:
        """What summaries of other patients say, and for those no longer `served` by the index their traces too."""
        with self._reading() as db:
            for other, summary_id, body, trace in db.execute(
                "SELECT patient_id, summary_id, body, trace FROM summaries LEFT JOIN traces USING (summary_id) "
                "WHERE patient_id <> ?",
                (patient_id,),
            ):
                yield f"{other}\0{summary_id}".encode("utf-8", "replace")
                yield from (text.encode("utf-8", "replace") for text in _quotes(_parsed(body)))
                if other not in served and trace is not None:
                    yield trace

    def answers_of_others(self, patient_id: str) -> Iterator[bytes]:
        """All that was answered about other patients, with traces and verdicts."""
        with self._reading() as db:
            for row in db.execute(
                "SELECT body, provenance, trace, (SELECT group_concat(comment, char(0)) FROM feedback "
                "WHERE feedback.summary_id = summaries.summary_id) FROM summaries LEFT JOIN traces USING (summary_id) "
                "WHERE patient_id <> ?",
                (patient_id,),
            ):
                yield b"\0".join(v if isinstance(v, bytes) else v.encode("utf-8", "replace") for v in row if v)
            for row in db.execute("SELECT patient_id, note_ids FROM audit WHERE patient_id <> ?", (patient_id,)):
                yield "\0".join(row).encode("utf-8", "replace")

    def unknown_tables(self) -> list[str]:
        """Tables of which nobody here knows what they hold: another release made them."""
        with self._reading() as db:
            return sorted(name for name in _tables(db) if not name.startswith("sqlite_") and name not in TABLES)

    def _reading(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(self.path, timeout=_BUSY_S))

    def _insisting(self, job: Any, wait_s: float) -> Any:
        until = time.monotonic() + wait_s
        with closing(sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA secure_delete = ON")
            while True:
                try:
                    return job(db)
                except sqlite3.OperationalError as e:
                    if getattr(e, "sqlite_errorcode", sqlite3.SQLITE_BUSY) & 0xFF not in _PASSING:
                        raise
                    if time.monotonic() >= until:
                        raise IngestFailed(
                            f"{self.path} was in use for {wait_s:g} s: run again, with a longer --wait"
                        ) from e
                    time.sleep(_PAUSE_S)


_PASSING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _tables(db: sqlite3.Connection) -> set[str]:
    return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _has_column(db: sqlite3.Connection, table: str, column: str) -> bool:
    """Whether it is there; a database that no service of this release has opened yet lacks the newest."""
    return column in {name for (_, name, *_) in db.execute(f"PRAGMA table_info({table})")}


def _clear(db: sqlite3.Connection, patient_id: str, ids: dict[Role, frozenset[str]]) -> Cleared:
    db.execute("CREATE TEMP TABLE gone (summary_id TEXT PRIMARY KEY)")
    db.execute("INSERT INTO gone SELECT summary_id FROM summaries WHERE patient_id = ?", (patient_id,))
    # A database that no service of this release has opened yet lacks the newest tables.
    there = _tables(db)
    rows = {
        table: db.execute(
            f"DELETE FROM {table} WHERE summary_id IN (SELECT summary_id FROM gone)"  # noqa: S608
        ).rowcount
        for table in _OF_SUMMARIES
        if table in there
    }
    naming = _Naming(patient_id, ids)
    if "batch_items" in there:
        rows["batches"] = _clear_batches(db, patient_id, naming)
    triggers = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
    ).fetchall()
    for name, _ in triggers:
        db.execute(f'DROP TRIGGER "{name}"')
    stripped = db.execute(
        "UPDATE audit SET patient_id = NULL, note_ids = '[]', summary_id = NULL, target = NULL, purpose = ? "
        "WHERE patient_id = ? OR summary_id IN (SELECT summary_id FROM gone)",
        (STRIPPED, patient_id),
    ).rowcount
    stripped += _strip_mentions(db, naming)
    for _, sql in triggers:
        db.execute(sql)
    db.execute("DROP TABLE gone")
    return Cleared(rows, stripped)


def _clear_batches(db: sqlite3.Connection, patient_id: str, naming: "_Naming") -> int:
    """Delete the patient's items; of their batches nothing stays that was made from what the caller sent."""
    db.execute(
        "UPDATE batches SET request_digest = '' WHERE batch_id IN "
        "(SELECT batch_id FROM batch_items WHERE patient_id = ? OR summary_id IN (SELECT summary_id FROM gone))",
        (patient_id,),
    )
    deleted = db.execute(
        "DELETE FROM batch_items WHERE patient_id = ? OR summary_id IN (SELECT summary_id FROM gone)", (patient_id,)
    ).rowcount
    for batch_id, purpose in db.execute("SELECT batch_id, purpose FROM batches").fetchall():
        if naming.in_words(purpose):
            db.execute("UPDATE batches SET purpose = ? WHERE batch_id = ?", (STRIPPED, batch_id))
    for rowid, request in db.execute("SELECT rowid, request FROM batch_items").fetchall():
        if naming.in_words(request):
            db.execute(
                "UPDATE batch_items SET request = '{}', state = iif(state = 'pending', 'cancelled', state) "
                "WHERE rowid = ?",
                (rowid,),
            )
    return deleted


def _strip_mentions(db: sqlite3.Connection, naming: "_Naming") -> int:
    """Take the patient out of entries that are not about them, and leave whom these are about."""
    changed = []
    for entry_id, note_ids, summary_id, target, purpose in db.execute(
        "SELECT entry_id, note_ids, summary_id, target, purpose FROM audit"
    ):
        ids = json.loads(note_ids)
        kept = [i for i in ids if not (i in naming.notes or naming.in_words(i))]
        now = (
            note_ids if len(kept) == len(ids) else json.dumps(kept),
            None if summary_id in naming.summaries else summary_id,
            None if target and naming.in_target(target) else target,
            STRIPPED if naming.in_words(purpose) else purpose,
        )
        if now != (note_ids, summary_id, target, purpose):
            changed.append((*now, entry_id))
    db.executemany("UPDATE audit SET note_ids = ?, summary_id = ?, target = ?, purpose = ? WHERE entry_id = ?", changed)
    return len(changed)


class _Naming:
    """Whether a field names the patient, one of their notes or a summary of theirs."""

    def __init__(self, patient_id: str, ids: dict[Role, frozenset[str]]) -> None:
        self.notes = ids[Role.NOTE]
        self.summaries = ids[Role.SUMMARY]
        self._ids = frozenset({patient_id}).union(*ids.values())
        self._telling = telling(self._ids)

    def in_words(self, words: str) -> bool:
        """Whether an id stands somewhere in these words."""
        return bool(self._telling and self._telling.search(words))

    def in_target(self, target: str) -> bool:
        """Whether a path ends in an id, or holds one."""
        path = unquote(target)
        return self.in_words(path) or any(path.endswith(f"/{i}") for i in self._ids)


def _insert(db: sqlite3.Connection, entry: Entry) -> None:
    db.execute(
        "INSERT INTO audit (at, request_id, caller, action, purpose, note_ids, target, outcome) "
        "VALUES (?, ?, ?, ?, ?, '[]', ?, ?)",
        (
            datetime.now(UTC).isoformat(timespec="milliseconds"),
            entry.request_id,
            entry.caller,
            entry.action,
            entry.purpose,
            entry.target,
            entry.outcome,
        ),
    )


def _parsed(content: bytes | None) -> Any:
    try:
        return json.loads(content or b"null")
    except ValueError:
        return None


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)


def _quotes(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("quote"), str):
            yield value["quote"]
        for inner in value.values():
            yield from _quotes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _quotes(inner)
