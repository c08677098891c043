"""The gate from end to end: a run is accepted, a check is switched off, and the gate shuts."""

from pathlib import Path

import pytest

from mlops.evaluation.__main__ import main
from mlops.evaluation.stored import read_run

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


class Evaluation:
    """The command with folders of its own."""

    def __init__(self, root: Path) -> None:
        self.runs, self.accepted, self.results = root / "runs", root / "accepted", root / "results"

    def run(self, *arguments: str) -> int:
        wanted = ("--quick", "--only", "verifier_errors", "--results", str(self.results), *arguments)
        return main(["run", "--out", str(self.runs), *wanted])

    def command(self, name: str) -> int:
        return main([name, "--out", str(self.runs), "--accepted", str(self.accepted)])

    @property
    def newest(self) -> Path:
        return max(self.runs.iterdir())


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """One run, accepted."""
    made = Evaluation(tmp_path_factory.mktemp("evaluation"))
    assert made.run() == 0
    assert made.command("accept") == 0
    return made


def test_nothing_is_compared_before_something_was_accepted(
    tmp_path: Path, evaluation: Evaluation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gate", "--run", str(evaluation.newest), "--accepted", str(tmp_path)]) == 1
    assert "make accept" in capsys.readouterr().err


@pytest.mark.parametrize("check", ["numbers", "assertion", "names"])
def test_a_check_that_is_switched_off_keeps_the_gate_shut(
    evaluation: Evaluation, check: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluation.run() == 0
    assert evaluation.command("gate") == 0
    assert "gate: open" in capsys.readouterr().out
    assert evaluation.run("--without-check", check) == 0
    assert evaluation.command("gate") == 1
    printed = capsys.readouterr().out
    assert "gate: SHUT" in printed
    assert "lost     verifier_errors mutations_caught" in printed
    assert evaluation.command("accept") == 1
    assert check in capsys.readouterr().err


def test_accepted_results_hold_units_but_no_examples(evaluation: Evaluation) -> None:
    path = evaluation.accepted / "quick.json"
    assert path.stat().st_size < 1 << 20
    accepted = read_run(path)
    assert len({o.unit for r in accepted.results for o in r.observations}) > 20
    assert [e for r in accepted.results for e in r.examples] == []


def test_a_run_of_a_part_leaves_the_figures_alone(evaluation: Evaluation) -> None:
    assert not evaluation.results.exists()
    assert {p.name for p in evaluation.newest.iterdir()} == {"run.json", "report.md", "report.html"}


def test_a_check_that_does_not_exist_is_named(evaluation: Evaluation, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluation.run("--without-check", "nonesuch") == 1
    assert "no such check: nonesuch" in capsys.readouterr().err


def test_a_task_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["run", "--only", "nonesuch"])
    assert stopped.value.code == 2
    assert "no such task: nonesuch" in capsys.readouterr().err
