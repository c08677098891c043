"""What is kept of a batch, and what is refused."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from app.batch.records import Order, OrderedItem
from app.batch.store import MOST_PENDING, find_batch, insert_batch, pending_of
from app.state.schema import migrate
from core.errors import InvalidRequest, Overloaded
from core.records import SummaryRequest


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        migrate(connection)
        yield connection


def order(items: int, *, caller: str = "night", key: str | None = None, body: str = "body") -> Order:
    wished = (OrderedItem("ava", SummaryRequest("ava")),) * items
    return Order(caller, "request", "ward round", key, body, wished)


def test_a_batch_sent_again_is_found_however_much_is_pending(db: sqlite3.Connection) -> None:
    insert_batch(db, "first", order(MOST_PENDING, key="key"))
    assert insert_batch(db, "again", order(MOST_PENDING, key="key")).batch_id == "first"
    assert pending_of(db, "night") == MOST_PENDING
    with pytest.raises(InvalidRequest, match="another body"):
        insert_batch(db, "other", order(1, key="key", body="other body"))


def test_one_item_more_than_may_be_pending_is_refused_whole_and_minds_no_other_caller(db: sqlite3.Connection) -> None:
    insert_batch(db, "first", order(MOST_PENDING - 1, key="key"))
    with pytest.raises(Overloaded) as refused:
        insert_batch(db, "second", order(2, key="another"))
    assert (refused.value.retry_after_s, pending_of(db, "night")) == (120, MOST_PENDING - 1)
    insert_batch(db, "second", order(1, key="another"))
    insert_batch(db, "theirs", order(2, caller="day"))
    assert find_batch(db, "theirs", "day").counts["pending"] == 2
