"""A clock that jumps while runs go on: what is live does not go by the time of day."""

import os
import random
import time
from pathlib import Path

import pytest

from ingest import quarantine
from tests.crash.expectation import WORDS, differences, live
from tests.crash.leftovers import kinds, leftovers
from tests.crash.nights import Author, export
from tests.crash.runs import Place
from vectorstore.store import Store

pytestmark = pytest.mark.integration
YEARS = 5 * 365 * 86_400.0


def test_nights_follow_one_another_while_the_clock_jumps_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng, genuine = random.Random(4), time.time

    class Jumping(quarantine.datetime):  # type: ignore[name-defined,misc]
        @classmethod
        def now(cls, tz: object = None) -> object:
            return cls.fromtimestamp(time.time(), tz)

    monkeypatch.setattr(time, "time", lambda: genuine() + rng.uniform(-YEARS, YEARS))
    monkeypatch.setattr(quarantine, "datetime", Jumping)
    place, author = Place(tmp_path), Author(2)
    night = author.first_night(8)
    place.ingest(night)
    at_rest, store, numbers = kinds(place), Store(place.index, WORDS), []
    for _ in range(8):
        night = author.next_night(night)
        place.ingest(night)
        assert differences(live(place.index), night) == []
        store.refresh()
        assert differences(store.generation, night) == []
        numbers.append(store.generation.number)
    assert numbers == sorted(set(numbers))
    assert place.damage() == ""
    assert leftovers(place, at_rest) == []
    assert place.roll_back() == 0
    store.refresh()
    assert store.generation.number < numbers[-1]


def test_an_edit_is_noticed_although_the_file_looks_as_old_and_as_long_as_before(tmp_path: Path) -> None:
    place, author = Place(tmp_path), Author(3)
    night = author.first_night(6)
    place.ingest(night)
    before = {path: path.stat() for path in place.export.iterdir()}
    edited = {i: n.__class__(n.note_id, n.patient_id, None, n.note_type, n.charted_at, n.text.replace("Note", "note"))
              for i, n in night.items()}  # fmt: skip
    for path in export(edited, place.export):
        assert path.stat().st_size == before[path].st_size
        os.utime(path, ns=(before[path].st_atime_ns, before[path].st_mtime_ns))
    place.ingest_exported()
    assert differences(live(place.index), edited) == []
