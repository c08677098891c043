"""The gate opens for what is as good, and names the rule for what is not."""

from dataclasses import replace
from pathlib import Path

import pytest

from mlops.evaluation.gate import judge
from mlops.evaluation.records import Metric, TaskResult
from mlops.evaluation.run import Crash
from mlops.evaluation.stored import NotARun, read_run, write_run
from tests.fakes.evaluation import ERRORS, PRECISION, RECALL, VALIDITY, WORDS, Pairs, run, task

SIZE = 40


def found(each: float, total: float = 10.0) -> Pairs:
    """The same in every unit but for a small wave, as no two charts are alike."""
    return [(min(total, each + 0.5 * (i % 3 - 1)), total) for i in range(SIZE)]


def said(old: TaskResult, new: TaskResult, **fields: object) -> dict[str, str]:
    """The rules that kept the gate shut, each with where."""
    return {f.rule: f.metric or f.task for f in judge(run(old), run(new, **fields)).findings}


def test_the_same_run_passes() -> None:
    result = task({VALIDITY: {"extractive": found(20, 10)}, RECALL: {"extractive": found(9)}})
    judged = judge(run(result), run(result))
    assert judged.opens
    assert [line.metric for line in judged.lines] == [VALIDITY, RECALL]


def test_a_better_run_passes() -> None:
    assert said(task({RECALL: {"extractive": found(8)}}), task({RECALL: {"extractive": found(9)}})) == {}


def test_a_sure_loss_is_named() -> None:
    old, new = task({RECALL: {"extractive": found(8)}}), task({RECALL: {"extractive": found(7)}})
    assert said(old, new) == {"lost": "fact_recall"}


def test_more_errors_are_a_loss() -> None:
    old, new = task({ERRORS: {"extractive": found(2)}}), task({ERRORS: {"extractive": found(3)}})
    assert said(old, new) == {"lost": "unsupported"}


def test_noise_is_no_loss() -> None:
    old = [(8.0 + (i % 2), 10.0) for i in range(SIZE)]
    new = [(8.0 + (i % 3 == 0) - (i == 5), 10.0) for i in range(SIZE)]
    assert said(task({PRECISION: {"model": old}}), task({PRECISION: {"model": new}})) == {}


def test_a_loss_within_the_tolerance_passes() -> None:
    old, new = [(800.0, 1000.0)] * SIZE, [(796.0, 1000.0)] * SIZE
    assert said(task({RECALL: {"extractive": old}}), task({RECALL: {"extractive": new}})) == {}


def test_fixed_cases_may_not_be_lost_even_few() -> None:
    caught = Metric("mutations_caught", "refused", "higher")
    old, new = [(1.0, 1.0)] * 500, [(float(i > 2), 1.0) for i in range(500)]
    assert said(task({caught: {"verifier": old}}), task({caught: {"verifier": new}})) == {"lost": "mutations_caught"}
    assert said(task({caught: {"model": old}}), task({caught: {"model": new}})) == {}


def test_falling_below_a_bar_is_named_even_when_it_is_small() -> None:
    old, new = [(900.0, 1000.0)] * SIZE, [(899.0, 1000.0)] * SIZE
    assert said(task({RECALL: {"extractive": old}}), task({RECALL: {"extractive": new}})) == {"bar": "fact_recall"}


def test_a_hard_metric_may_not_miss_its_bar_even_when_it_did_before() -> None:
    result = task({VALIDITY: {"extractive": [(10.0, 10.0)] * 30 + [(9.0, 10.0)]}})
    assert said(result, result) == {"hard": "citation_validity"}


def test_a_hard_metric_without_a_value_has_not_been_met() -> None:
    result = task({VALIDITY: {"extractive": [(0.0, 0.0)]}})
    assert said(result, result) == {"hard": "citation_validity"}


def test_baselines_may_be_as_bad_as_they_are() -> None:
    old = task({VALIDITY: {"extractive": [(1.0, 1.0)], "lead": [(1.0, 1.0)]}})
    new = task({VALIDITY: {"extractive": [(1.0, 1.0)], "lead": [(0.0, 1.0)]}})
    assert said(old, new) == {}


@pytest.mark.parametrize(
    ("new", "where"),
    [
        (task({RECALL: {"extractive": found(9)}}, name="other"), "facts"),
        (task({PRECISION: {"extractive": found(9)}}), "fact_recall"),
        (task({RECALL: {"embedded": found(9)}}), "fact_recall"),
        (task({RECALL: {"extractive": found(9)[:-1]}}), "fact_recall"),
    ],
    ids=["task", "metric", "system", "unit"],
)
def test_what_was_accepted_may_not_go_missing(new: TaskResult, where: str) -> None:
    assert said(task({RECALL: {"extractive": found(9)}}), new) == {"missing": where}


def test_a_system_may_be_left_out_by_name_only() -> None:
    old = task({RECALL: {"extractive": found(9), "embedded": found(9)}})
    new = task({RECALL: {"extractive": found(9)}})
    assert judge(run(old), run(new), ignored=frozenset({"embedded"})).opens
    assert not judge(run(old), run(new)).opens


def test_a_task_that_asks_nothing_but_systems_left_out_is_left_out() -> None:
    result = task({RECALL: {"extractive": found(9)}})
    asked = task({RECALL: {"embedded": found(9)}}, name="other")
    assert judge(run(result, asked), run(result), ignored=frozenset({"embedded"})).opens
    assert not judge(run(result, asked), run(result)).opens


def test_a_task_may_be_left_out_by_name_only() -> None:
    result = task({RECALL: {"extractive": found(9)}})
    other = task({RECALL: {"extractive": found(9)}}, name="other")
    assert judge(run(result, other), run(result), without=frozenset({"other"})).opens
    assert not judge(run(result, other), run(result)).opens


def test_a_skipped_task_is_missing_with_its_reason() -> None:
    skipped = TaskResult("facts", (), skipped="no data folder")
    findings = judge(run(task({RECALL: {"extractive": found(9)}})), run(skipped)).findings
    assert [(f.rule, "no data folder" in f.why) for f in findings] == [("missing", True)]


def test_a_crash_keeps_the_gate_shut_even_where_nothing_was_accepted() -> None:
    result = task({RECALL: {"extractive": found(9)}})
    assert said(result, result, crashes=(Crash("injection", "ValueError: no"),)) == {"crashed": "injection"}


@pytest.mark.parametrize(
    "changes", [{"data": {"notes": "d2"}}, {"seeds": {"s": 8}}, {"data": {"notes": "d1", "x": "y"}}]
)
def test_changed_data_or_seeds_are_not_compared(changes: dict[str, dict[str, str]]) -> None:
    old, new = task({RECALL: {"extractive": found(9)}}), task({RECALL: {"extractive": found(2)}}, **changes)
    findings = judge(run(old), run(new)).findings
    assert [f.rule for f in findings] == ["changed"]
    assert "make accept" in findings[0].why


@pytest.mark.parametrize("change", [{"bar": 0.5}, {"better": "neither"}, {"definition": "other"}, {"hard": True}])
def test_a_metric_may_not_be_moved_to_where_the_run_is(change: dict[str, object]) -> None:
    result = task({RECALL: {"extractive": found(9.5)}})
    moved = replace(result, metrics=(replace(RECALL, **change),))
    assert said(result, moved)["changed"] == "fact_recall"


def test_another_model_or_profile_is_not_compared_in_silence() -> None:
    result = task({RECALL: {"extractive": found(9)}})
    assert said(result, result, profile="full") == {"changed": ""}
    judged = judge(run(result, model="a"), run(result, model="b"))
    assert [f.rule for f in judged.findings] == ["changed"]


def shown(share: float, statements: float) -> Pairs:
    return [(share * (statements + i % 3), statements + i % 3) for i in range(SIZE)]


def test_precision_won_by_dropping_statements_keeps_the_gate_shut() -> None:
    old, new = task({PRECISION: {"model": shown(0.9, 20)}}), task({PRECISION: {"model": shown(0.95, 15)}})
    findings = judge(run(old), run(new)).findings
    assert [(f.rule, f.metric, f.system) for f in findings] == [("less", "citation_precision", "model")]


def test_precision_won_with_fewer_words_keeps_the_gate_shut() -> None:
    old = task({PRECISION: {"model": shown(0.9, 20)}, WORDS: {"model": [(300.0 + i, 1.0) for i in range(SIZE)]}})
    new = task({PRECISION: {"model": shown(0.95, 19.9)}, WORDS: {"model": [(250.0 + i, 1.0) for i in range(SIZE)]}})
    assert said(old, new) == {"less": "citation_precision"}


def test_precision_won_at_a_sure_cost_of_recall_within_the_tolerance_keeps_the_gate_shut() -> None:
    old = task({PRECISION: {"model": shown(0.9, 20)}, RECALL: {"model": [(950.0, 1000.0)] * SIZE}})
    new = task({PRECISION: {"model": shown(0.95, 19.9)}, RECALL: {"model": [(947.0, 1000.0)] * SIZE}})
    assert said(old, new) == {"less": "citation_precision"}


def test_precision_won_by_saying_as_much_passes() -> None:
    old = task({PRECISION: {"model": shown(0.9, 20)}, RECALL: {"model": found(9)}})
    new = task({PRECISION: {"model": shown(0.95, 20.2)}, RECALL: {"model": found(9)}})
    assert said(old, new) == {}


def test_fewer_words_alone_are_no_fault() -> None:
    old, new = task({WORDS: {"model": [(300.0, 1.0)] * SIZE}}), task({WORDS: {"model": [(200.0, 1.0)] * SIZE}})
    assert said(old, new) == {}


def test_a_run_survives_being_written(tmp_path: Path) -> None:
    result = task({PRECISION: {"extractive": found(9.5), "lead": [(0.1234567, 3)]}, RECALL: {"extractive": found(8)}})
    path = tmp_path / "run.json"
    write_run(path, run(result))
    again = read_run(path)
    assert judge(run(result), again).opens
    assert again.results[0].metrics == result.metrics
    assert sorted(o.unit for o in again.results[0].observations) == sorted(o.unit for o in result.observations)
    assert {o.hits for o in again.results[0].observations if o.system == "lead"} == {0.123457}


def test_a_file_of_something_else_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text('{"schema": 1}')
    with pytest.raises(NotARun, match=r"run\.json"):
        read_run(path)
    with pytest.raises(NotARun, match="cannot be read"):
        read_run(tmp_path / "none.json")
