"""Which kept summary answers for a key, and what a verdict on one of them does to the others."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.state import evict, find_cached, find_replay, insert_cached, insert_replay, insert_summary, schema
from ingest.erase.marks import Gathered
from ingest.erase.state import StateFile
from tests.fakes.runs import summary_of

EARLIER = "0005_replay_keys.sql"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "state.sqlite", isolation_level=None)) as connection:
        schema.migrate(connection)
        yield connection


def keep(db: sqlite3.Connection, summary_id: str, key: str, *, now: float = 0.0) -> None:
    insert_summary(db, summary_of(summary_id), b"{}", "ward")
    insert_replay(db, summary_id, ("n",), "", key)
    insert_cached(db, key, summary_id, now=now, hours=1)


def answering(db: sqlite3.Connection, key: str) -> str | None:
    kept = find_cached(key, -1.0)(db)
    return kept.summary_id if kept else None


@pytest.mark.parametrize("flagged", ["first", "second"])
def test_a_verdict_on_any_copy_drops_the_one_that_answers_and_no_other(db: sqlite3.Connection, flagged: str) -> None:
    keep(db, "first", "key")
    keep(db, "second", "key")
    keep(db, "other", "another key")
    assert answering(db, "key") == "second"
    evict(db, flagged)
    assert (answering(db, "key"), answering(db, "another key")) == (None, "other")
    assert find_replay("first")(db).summary_id == "first"


def test_a_verdict_on_a_copy_that_is_too_old_to_answer_drops_the_newer_one(db: sqlite3.Connection) -> None:
    keep(db, "first", "key", now=0)
    keep(db, "second", "key", now=2 * 3600)
    evict(db, "first")
    assert answering(db, "key") is None


def test_the_keys_of_all_copies_are_searched_for_when_a_patient_is_erased(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    keep(db, "first", "a key of before")
    evict(db, "first")
    found = Gathered()
    StateFile(tmp_path).gather("ava", found)
    assert "a key of before" in found.digests
    assert "" not in found.digests


def test_what_was_kept_by_an_earlier_release_knows_its_key(tmp_path: Path) -> None:
    before = tmp_path / "migrations"
    before.mkdir()
    for path in schema.available().values():
        if path.name < EARLIER:
            (before / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "state.sqlite", isolation_level=None)) as db:
        schema.migrate(db, before)
        for summary_id in ("first", "uncached"):
            insert_summary(db, summary_of(summary_id), b"{}", "ward")
            db.execute("INSERT INTO replays VALUES (?, '[]', '')", (summary_id,))
        insert_cached(db, "key", "first", now=0.0, hours=1)
        found = Gathered()
        StateFile(tmp_path).gather("ava", found)
        assert "key" in found.digests
        schema.migrate(db)
        assert db.execute("SELECT summary_id, made_for FROM replays ORDER BY summary_id").fetchall() == [
            ("first", "key"),
            ("uncached", ""),
        ]
