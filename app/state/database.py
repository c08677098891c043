"""The service's own SQLite database, used by one thread that is not the event loop's."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from app.state import schema
from core.errors import AnamnesisError

T = TypeVar("T")

FILE_NAME = "state.sqlite"
BUSY_S = 5.0


class StateMismatch(AnamnesisError):
    """The state database was written by a newer release."""

    code = "state_mismatch"


class StateDatabase:
    """One connection in WAL mode; a commit has reached the disk when it returns.

    Every job runs in a transaction of its own, one after the other, in the order handed in.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")
        try:
            self._connection = self._thread.submit(self._open).result()
        except BaseException:
            self._thread.shutdown()
            raise

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.touch(mode=0o600)
        connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            newest = max(schema.available())
            found = schema.version_of(connection)
            if found > newest:
                raise StateMismatch(
                    f"{self.path} has schema {found}, this release knows {newest}: "
                    "run the newer release, or set ANAMNESIS_STATE__DIR to another folder"
                )
            schema.migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    async def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run `job` in a transaction and commit it.

        A caller that is cancelled stops waiting; the job is still done. Raises sqlite3.Error, after rolling back.
        """
        return await asyncio.shield(asyncio.wrap_future(self._thread.submit(self._in_transaction, job)))

    def _in_transaction(self, job: Callable[[sqlite3.Connection], T]) -> T:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = job(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return result

    def close(self) -> None:
        """Finish what was handed in, then close the file."""
        self._thread.submit(self._connection.close).result()
        self._thread.shutdown()
