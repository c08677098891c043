"""Tasks run one after another, and none takes another down."""

from dataclasses import replace

import pytest

from mlops.evaluation.records import Observation, TaskResult
from mlops.evaluation.suite import check, run_tasks
from tests.fakes.evaluation import RECALL, task

GOOD = task({RECALL: {"extractive": [(1, 2)]}}, name="good")


def test_a_task_that_breaks_off_leaves_the_others_standing() -> None:
    said: list[str] = []

    def broken() -> TaskResult:
        raise ValueError("no such column\nsecond line")

    done = run_tasks({"broken": broken, "good": lambda: GOOD}, said.append)
    assert done.results == (GOOD,)
    assert [(c.task, c.error) for c in done.crashes] == [("broken", "ValueError: no such column")]
    assert set(done.seconds) == {"broken", "good"}
    assert any("broke off" in line for line in said)


def test_a_task_without_data_is_no_crash_and_is_told() -> None:
    said: list[str] = []
    done = run_tasks({"none": lambda: TaskResult("none", (), skipped="no data")}, said.append)
    assert done.crashes == ()
    assert "skipped: no data" in said[-1]


@pytest.mark.parametrize(
    "result",
    [
        replace(GOOD, task="other"),
        replace(GOOD, metrics=(RECALL, RECALL)),
        replace(GOOD, metrics=()),
        replace(GOOD, observations=()),
        replace(GOOD, skipped="and yet it ran"),
        replace(GOOD, observations=(Observation(RECALL.name, "extractive", "u", float("nan")),)),
    ],
    ids=["name", "twice", "undeclared", "nothing", "both", "nan"],
)
def test_a_result_that_could_not_be_compared_later_is_refused(result: TaskResult) -> None:
    with pytest.raises(ValueError):
        check("good", result)


def test_a_sound_result_passes() -> None:
    check("good", GOOD)
