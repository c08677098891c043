"""The service's own database."""

import asyncio
import sqlite3
import time
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
