"""Following the index while the service runs."""

import asyncio
import sqlite3

import pytest

from app.index_watch import IndexWatch
from core.errors import IndexUnavailable
from core.telemetry import Metrics
from tests.fakes.service import eventually
from vectorstore.store import Store


class FailingOpener:
    """Fails in another way each time, and in the last one from then on."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = failures
        self.asked = 0

    def __call__(self) -> Store:
        self.asked += 1
        raise self._failures[min(self.asked, len(self._failures)) - 1]


async def test_a_look_that_fails_in_any_way_is_not_the_last() -> None:
    opener = FailingOpener(OSError("gone"), sqlite3.OperationalError("busy"), ValueError("odd"))
    watch = IndexWatch(opener, Metrics())
    following = asyncio.create_task(watch.follow(0.001))

    async def asked_on() -> bool:
        return opener.asked >= 5

    await eventually(asked_on, within_s=2)
    assert not following.done()
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    with pytest.raises(IndexUnavailable):
        _ = watch.generation
