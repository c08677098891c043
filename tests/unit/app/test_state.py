"""The service's own database."""

import asyncio
import sqlite3
import time
from functools import partial
from pathlib import Path

import pytest

from app.state import StateDatabase, StateMismatch, find_summary, insert_trace, schema


def names(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    return found


async def test_a_new_folder_gets_all_tables_and_is_private(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path / "state")
    database.close()
    assert names(database.path) >= {"summaries", "feedback", "audit", "sessions"}
    assert database.path.stat().st_mode & 0o077 == 0


async def test_commits_reach_the_disk(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path)
    journal, synchronous = await database.run(
        lambda c: (c.execute("PRAGMA journal_mode").fetchone()[0], c.execute("PRAGMA synchronous").fetchone()[0])
    )
    database.close()
    assert (journal, synchronous) == ("wal", 2)


async def test_a_database_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    StateDatabase(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "state.sqlite")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(StateMismatch, match="schema 999"):
        StateDatabase(tmp_path)


async def test_a_job_that_fails_leaves_nothing(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path)

    def job(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO sessions VALUES ('a', 'b', 'c', 0, 1)")
        raise ValueError

    with pytest.raises(ValueError):
        await database.run(job)
    assert await database.run(lambda c: c.execute("SELECT count(*) FROM sessions").fetchone()) == (0,)
    database.close()


async def test_a_job_is_done_though_its_asker_goes(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path)
    blocker = asyncio.create_task(database.run(lambda _: time.sleep(0.1)))
    asker = asyncio.create_task(
        database.run(lambda c: c.execute("INSERT INTO sessions VALUES ('a', 'b', 'c', 0, 1)").rowcount)
    )
    await asyncio.sleep(0.02)
    asker.cancel()
    await blocker
    assert await database.run(lambda c: c.execute("SELECT count(*) FROM sessions").fetchone()) == (1,)
    database.close()


async def test_jobs_that_wait_together_share_one_commit_and_each_fails_for_itself(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path)
    commits: list[str] = []
    await database.run(lambda c: c.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None))

    def insert(connection: sqlite3.Connection, number: int) -> int:
        connection.execute("INSERT INTO sessions VALUES (?, 'b', 'c', 0, 1)", (str(number),))
        if number % 3 == 0:
            raise ValueError(number)
        return number

    def refused(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO sessions VALUES ('1', 'b', 'c', 0, 1)")

    blocker = asyncio.create_task(database.run(lambda _: time.sleep(0.1)))
    await asyncio.sleep(0.02)
    commits.clear()
    jobs = [asyncio.create_task(database.run(partial(insert, number=n))) for n in range(9)]
    jobs.append(asyncio.create_task(database.run(refused)))
    found = await asyncio.gather(*jobs, return_exceptions=True)
    await blocker
    assert [f if isinstance(f, int) else type(f) for f in found] == [
        ValueError, 1, 2, ValueError, 4, 5, ValueError, 7, 8, sqlite3.IntegrityError,
    ]  # fmt: skip
    kept = await database.run(lambda c: c.execute("SELECT session_digest FROM sessions ORDER BY 1").fetchall())
    assert [int(name) for (name,) in kept] == [1, 2, 4, 5, 7, 8]
    assert len(commits) <= 3
    database.close()


async def test_a_transaction_that_the_database_gives_up_fails_for_all_that_shared_it(tmp_path: Path) -> None:
    database = StateDatabase(tmp_path)

    def insert(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO sessions VALUES ('a', 'b', 'c', 0, 1)")

    def give_up(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")
        raise sqlite3.OperationalError("disk full")

    blocker = asyncio.create_task(database.run(lambda _: time.sleep(0.1)))
    await asyncio.sleep(0.02)
    found = await asyncio.gather(*(database.run(job) for job in (insert, give_up, insert)), return_exceptions=True)
    await blocker
    assert {type(f) for f in found} == {sqlite3.OperationalError}
    assert await database.run(lambda c: c.execute("SELECT count(*) FROM sessions").fetchone()) == (0,)
    await database.run(insert)
    database.close()


def test_a_migration_that_fails_is_undone_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE a (x);")
    second = tmp_path / "0002_second.sql"
    second.write_text("CREATE TABLE b (x); CREATE TABLE a (x);")
    connection = sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(connection, tmp_path)
    assert schema.version_of(connection) == 1
    second.write_text("CREATE TABLE b (x);")
    assert schema.migrate(connection, tmp_path) == 2
    assert schema.migrate(connection, tmp_path) == 2
    connection.close()


async def test_summaries_of_the_release_before_traces_are_kept(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "state.sqlite", isolation_level=None)
    connection.executescript(schema.available()[1].read_text() + "PRAGMA user_version = 1;")
    connection.execute("INSERT INTO summaries VALUES ('s', '2026', 'c', 'p', 'handoff', 'm', 'd', '[]', '{}', x'7b')")
    connection.close()
    database = StateDatabase(tmp_path)
    stored = await database.run(find_summary("s"))
    await database.run(lambda c: insert_trace(c, "s", b"{}"))
    database.close()
    assert stored.body == b"{"
    assert names(database.path) >= {"summaries", "traces"}


def test_migrations_without_a_gap_only(tmp_path: Path) -> None:
    (tmp_path / "0002_second.sql").write_text("")
    with pytest.raises(ValueError, match="gap"):
        schema.available(tmp_path)
