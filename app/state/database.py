"""The service's own SQLite database, used by one thread that is not the event loop's."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias, TypeVar

from app.state import schema
from core.errors import AnamnesisError

T = TypeVar("T")

FILE_NAME = "state.sqlite"
BUSY_S = 5.0
LARGEST_GROUP = 64

_Waiting: TypeAlias = tuple[Callable[[sqlite3.Connection], Any], Future[Any]]


class StateMismatch(AnamnesisError):
    """The state database was written by a newer release."""

    code = "state_mismatch"


class StateDatabase:
    """One connection in WAL mode; a commit has reached the disk when `run` returns.

    Jobs are done one after the other, in the order handed in, and each fails for itself. Those that wait at the same
    time share a commit, so that the disk is waited for once for all of them.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._waiting: SimpleQueue[_Waiting] = SimpleQueue()
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
        done: Future[T] = Future()
        self._waiting.put((job, done))
        self._thread.submit(self._work)
        return await asyncio.shield(asyncio.wrap_future(done))

    def _work(self) -> None:
        """Do what waits. Each job asks for it once; all but the first of a group find nothing left to do."""
        group: list[_Waiting] = []
        with suppress(Empty):
            while len(group) < LARGEST_GROUP:
                group.append(self._waiting.get_nowait())
        if not group:
            return
        results: list[tuple[Future[Any], Any]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for job, done in group:
                with self._alone(done):
                    results.append((done, job(self._connection)))
            self._connection.execute("COMMIT")
        except BaseException as e:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for _, done in group:
                if not done.done():
                    done.set_exception(e)
            return
        for done, result in results:
            done.set_result(result)

    @contextmanager
    def _alone(self, done: Future[Any]) -> Iterator[None]:
        """Let a job fail for itself, unless the database gave up the whole transaction for it."""
        self._connection.execute("SAVEPOINT job")
        try:
            yield
        except BaseException as e:
            if not self._connection.in_transaction:
                raise
            self._connection.execute("ROLLBACK TO job")
            done.set_exception(e)
        self._connection.execute("RELEASE job")

    def close(self) -> None:
        """Finish what was handed in, then close the file."""
        self._thread.submit(self._connection.close).result()
        self._thread.shutdown()
