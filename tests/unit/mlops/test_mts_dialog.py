"""How the support score is judged against people's."""

import csv
from pathlib import Path

import pytest

from mlops.evaluation.bootstrap import estimate
from mlops.evaluation.records import TaskResult
from mlops.evaluation.tasks import mts_dialog
from mlops.evaluation.tasks.mts_dialog import (
    FILE,
    HALLUCINATED,
    SCORES,
    UNTRUE,
    WITH_REFERENCE,
    containment,
    numbers_held,
    rouge1_precision,
    worst_sentence,
)

COLUMNS = ["ID", "Dialogue", "Reference Summary", "Automatic Summary", "FactualPrecision", "HallucinationRate"]
KNEE = "Doctor: What hurts? Patient: My left knee, for three weeks. Doctor: Any fever? Patient: No."
SUGAR = "Doctor: Do you take anything? Patient: Metformin, five hundred M G twice a day."
ROWS = [
    [0, KNEE, "Knee pain.", "Left knee pain for 3 weeks. No fever.", 1, 0],
    [1, SUGAR, "Metformin.", "Metformin 500 mg twice daily.", 1, 0],
    [0, KNEE, "Knee pain.", "Left knee pain and a rash for 7 weeks after a fall.", 0.5, 0.5],
    [1, SUGAR, "Metformin for diabetes.", "Metformin 500 mg for diabetes.", 0.5, 0.5],
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with (tmp_path / FILE).open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *ROWS])
    return tmp_path


def auroc(result: TaskResult, name: str, system: str = "support") -> float:
    metric = next(m for m in result.metrics if m.name == name)
    return estimate(metric, [o for o in result.observations if o.system == system], resamples=10).value


def test_made_up_summaries_score_above_those_that_are_not(folder: Path) -> None:
    assert auroc(mts_dialog.run(folder), HALLUCINATED.name) == 1.0


def test_every_simple_measure_stands_in_the_same_table(folder: Path) -> None:
    result = mts_dialog.run(folder)
    for system in SCORES:
        seen = [o for o in result.observations if o.system == system and o.metric == HALLUCINATED.name]
        assert [(o.unit, o.total) for o in seen] == [("mts-0", 0), ("mts-1", 0), ("mts-0", 1), ("mts-1", 1)]


def test_each_writer_has_a_figure_of_its_own(folder: Path) -> None:
    result = mts_dialog.run(folder)
    counted = {
        m.name: sum(o.metric == m.name and o.system == "support" for o in result.observations) for m in result.metrics
    }
    assert counted[f"{HALLUCINATED.name}.writer1"] == counted[f"{HALLUCINATED.name}.writer2"] == 2


def test_only_the_dialogue_is_the_source_unless_a_metric_says_otherwise(folder: Path) -> None:
    result = mts_dialog.run(folder)
    diabetes = {
        o.metric: o.hits for o in result.observations if o.system == "support" and o.unit == "mts-1" and o.hits > 0
    }
    assert diabetes[HALLUCINATED.name] > 0.5
    assert WITH_REFERENCE.name not in diabetes or diabetes[WITH_REFERENCE.name] < 0.5
    assert diabetes[UNTRUE.name] == diabetes[HALLUCINATED.name]


def test_the_worst_example_is_the_one_judged_most_wrongly(folder: Path) -> None:
    worst = max(mts_dialog.run(folder).examples, key=lambda e: e.badness)
    assert worst.badness < 0.5
    assert "Score" in worst.text


def test_the_data_file_is_named_with_its_digest(folder: Path) -> None:
    (digest,) = mts_dialog.run(folder).data.values()
    assert len(digest) == 64


def test_without_the_file_the_task_is_skipped_and_says_which(tmp_path: Path) -> None:
    result = mts_dialog.run(tmp_path)
    assert result.observations == ()
    assert FILE in result.skipped


def test_the_worst_sentence_decides_not_the_mean() -> None:
    assert worst_sentence("My left knee. He has gout.", KNEE) < worst_sentence("My left knee. My knee has gout.", KNEE)
    assert worst_sentence("", KNEE) == 1.0
    assert worst_sentence("Knee.", "") == 0.0


def test_containment_looks_in_the_whole_source_and_rouge_counts_how_often() -> None:
    assert containment("fever fever gout knee", KNEE) == 0.75
    assert rouge1_precision("fever fever gout knee", KNEE) == 0.5
    assert containment("", KNEE) == rouge1_precision("", KNEE) == 1.0


def test_numbers_are_held_in_figures_or_words() -> None:
    assert numbers_held("for 3 weeks", KNEE) == 1.0
    assert numbers_held("for 3 to 4 weeks", KNEE) == 0.5
    assert numbers_held("for weeks", KNEE) == 1.0


def test_the_bar_is_reached_on_the_published_scores(shared_data: Path) -> None:
    result = mts_dialog.run(shared_data / "mts-dialog")
    assert len([o for o in result.observations if o.metric == HALLUCINATED.name and o.system == "support"]) >= 200
    ours = auroc(result, HALLUCINATED.name)
    assert HALLUCINATED.bar is not None and ours >= HALLUCINATED.bar
    assert ours > max(auroc(result, HALLUCINATED.name, system) for system in SCORES if system != "support")
