"""The options of the serving path's commands."""

import os
from pathlib import Path
from typing import Any

import pytest

from bench.parts import Bench
from bench.serve import __main__ as command
from bench.serve import against, answer_forms
from bench.serve.processes import MODEL_URL
from deploy.grafana.__main__ import files
from deploy.grafana.__main__ import main as write_dashboards

URL = "http://127.0.0.1:8001/v1"


@pytest.fixture
def passed_on(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the two commands behind the one were called with."""
    seen: dict[str, Any] = {}

    def run(_: Bench, arguments: list[str]) -> int:
        seen["parts"] = arguments
        return 0

    def load(arguments: list[str]) -> int:
        seen["load"] = arguments
        return 0

    # Set, so that it is what it was before once the test is over.
    monkeypatch.setenv(MODEL_URL, "")
    monkeypatch.setattr(Bench, "main", run)
    monkeypatch.setattr(against, "main", load)
    return seen


@pytest.mark.parametrize("form", [[f"--model-url={URL}"], ["--model-url", URL]], ids=["one word", "two words"])
def test_the_model_can_be_named_in_both_forms(passed_on: dict[str, Any], form: list[str]) -> None:
    assert command.main(["--only", "prefix", *form, "--again"]) == 0
    assert passed_on == {"parts": ["--only", "prefix", "--again"]}
    assert os.environ[MODEL_URL] == URL


def test_a_model_url_without_one_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        command.main(["--only", "prefix", "--model-url"])
    assert end.value.code == 2
    assert "--model-url" in capsys.readouterr().err


@pytest.mark.parametrize("form", [["--url=http://s"], ["--url", "http://s"]])
def test_load_on_a_running_service_keeps_all_its_options(passed_on: dict[str, Any], form: list[str]) -> None:
    assert command.main([*form, "--model-url", URL]) == 0
    assert passed_on == {"load": [*form, "--model-url", URL]}


def test_the_help_names_both_urls(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        command.main(["--help"])
    told = capsys.readouterr().out
    assert end.value.code == 0
    assert "--model-url URL" in told and "--url URL" in told


@pytest.mark.parametrize("main", [answer_forms.main, write_dashboards])
def test_the_smaller_commands_have_a_help(main: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    assert "usage: python -m" in capsys.readouterr().out


def test_dashboards_are_written_where_one_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_dashboards([str(tmp_path)])
    assert {path.name for path in tmp_path.iterdir()} == files().keys()
    with pytest.raises(SystemExit) as end:
        write_dashboards([str(tmp_path / "none")])
    assert end.value.code == 2
    assert "make it first" in capsys.readouterr().err
