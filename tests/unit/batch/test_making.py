"""Making one item's summary: what is tried again, what fails, and what is left for later."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, cast

from app.audit.entry import AuditEntry
from app.batch.making import make
from app.batch.records import Item, ItemError, Task
from app.runs import NumberedEvent
from app.summarizing import Summarizer
from core.errors import (
    AuditUnavailable,
    DeadlineExceeded,
    Draining,
    IndexUnavailable,
    ModelUnavailable,
    Overloaded,
    PatientNotFound,
)
from core.records import SummaryRequest
from tests.fakes.virtual_time import run_in_virtual_time

TASK = Task("b" * 32, 7, "night", "ward round", SummaryRequest("ava"))


class Failing:
    """A summarizer that fails with one error after another."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.entries: list[AuditEntry] = []
        self.asked_as: list[dict[str, Any]] = []

    async def summarize(
        self, _request: SummaryRequest, entry: AuditEntry, **how: Any
    ) -> AsyncGenerator[NumberedEvent, None]:
        self.entries.append(entry)
        self.asked_as.append(how)
        raise self.errors.pop(0)
        yield


def made(failing: Failing) -> tuple[Item | None, float]:
    """What came of it, and after how many virtual seconds."""

    async def scene() -> tuple[Item | None, float]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        return await make(cast(Summarizer, failing), TASK), loop.time() - began

    return run_in_virtual_time(scene())


def failed(code: str, detail: str) -> Item:
    return Item(7, "ava", "failed", None, ItemError(code, detail))


def test_it_is_asked_for_behind_others_under_one_id_and_for_the_purpose_of_the_batch() -> None:
    failing = Failing(PatientNotFound("no such patient"))
    assert made(failing)[0] == failed("patient_not_found", "no such patient")
    (entry,), (how,) = failing.entries, failing.asked_as
    assert (entry.request_id, entry.caller, entry.purpose) == ("b" * 32 + "-7", "night", "ward round")
    assert (how["priority"], how["deadline_s"]) == ("batch", 3600)


def test_what_passes_is_waited_out_at_growing_intervals() -> None:
    busy = Overloaded("full")
    busy.retry_after_s = 4
    failing = Failing(busy, IndexUnavailable("no index"), AuditUnavailable("disk"), DeadlineExceeded("late"))
    item, after_s = made(failing)
    assert item == failed("deadline_exceeded", "late")
    assert after_s == 1 * 4 + 2 * 10 + 3 * 30


def test_a_model_that_stays_away_is_asked_for_three_times() -> None:
    failing = Failing(*[ModelUnavailable("gone")] * 3)
    assert made(failing)[0] == failed("model_unavailable", "gone")
    assert failing.errors == []


def test_an_unforeseen_failure_keeps_its_words_to_itself() -> None:
    item, _ = made(Failing(ValueError("patient text")))
    assert item
    assert item.error
    assert (item.error.code, "patient text" in item.error.detail) == ("internal_error", False)


def test_a_service_that_stops_leaves_it_for_the_next_one() -> None:
    assert made(Failing(Draining("stopping"))) == (None, 0.0)
