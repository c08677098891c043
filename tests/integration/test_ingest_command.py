"""`python -m ingest` as an operator meets it: exit codes, messages, the table, the metrics file."""

import json
import os
import signal
from pathlib import Path

import pytest

from core.errors import IngestFailed, SettingsInvalid
from ingest import __main__ as command
from ingest.embedding import Embedder
from tests.fakes.embeddings import HashedWords

pytestmark = pytest.mark.integration
MARKER = "ZEBRAMARKER"


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANAMNESIS_INDEX__DIR", str(tmp_path / "var" / "index"))
    monkeypatch.setenv("ANAMNESIS_INGEST__QUARANTINE_DIR", str(tmp_path / "var" / "quarantine"))
    monkeypatch.setattr(command, "lazy_embedder", lambda settings: embedder())
    monkeypatch.setattr(command, "configure_logging", lambda level, style: None)


def embedder() -> Embedder:
    words = HashedWords()
    return Embedder(words.spec, words.embed, words.count_tokens)


def write(path: Path, *notes: dict[str, object] | str) -> str:
    path.write_text("".join(f"{n if isinstance(n, str) else json.dumps(n)}\n" for n in notes))
    return str(path)


def note(note_id: str, **fields: object) -> dict[str, object]:
    return {"note_id": note_id, "patient_id": "p", "text": f"{MARKER} takes aspirin.", **fields}


def test_publishes_and_prints_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    metrics = tmp_path / "ingest.prom"
    path = write(tmp_path / "a.jsonl", *(note(str(i)) for i in range(20)), note("late", charted_at="never"))
    assert command.main([path, "--metrics-file", str(metrics)]) == 0
    shown = capsys.readouterr()
    table = dict(line.rsplit("  ", 1) for line in shown.out.splitlines())
    counts = {name.strip(): value.strip() for name, value in table.items()}
    assert (counts["rows read"], counts["added"], counts["invalid_date"]) == ("21", "20", "1")
    assert Path(counts["quarantine report"]).exists()
    assert 'anamnesis_ingest_notes_total{outcome="added"} 20.0' in metrics.read_text()
    assert metrics_in(metrics)["anamnesis_ingest_seconds_count"] == 1
    assert "anamnesis_summaries_total" not in metrics.read_text()
    assert "reading a: 21" in shown.err


def test_a_failed_run_says_why_and_exits_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([write(tmp_path / "a.jsonl", note("1"), "{broken")]) == 1
    assert "1 of 2 rows" in capsys.readouterr().err
    assert command.main([str(tmp_path / "absent")]) == 1
    assert "no such file" in capsys.readouterr().err


def test_a_refused_run_still_prints_what_it_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "notes.jsonl"
    source.write_text('{"note_id": "a"}\n{"note_id": "b"}\n')
    assert command.main([str(source)]) == 1
    printed = capsys.readouterr()
    assert "rows read" in printed.out
    assert "quarantined        2" in printed.out
    assert "nothing was published" in printed.err


def test_wrong_usage_and_settings_exit_with_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as usage:
        command.main(["--source-format", "pdf", "x"])
    assert usage.value.code == 2
    monkeypatch.setenv("ANAMNESIS_INGEST__NO_SUCH", "1")
    assert command.main([write(tmp_path / "a.jsonl", note("1"))]) == 2
    assert "NO_SUCH" in capsys.readouterr().err


def test_an_interrupted_run_publishes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.jsonl", note("1"))

    def interrupt(self: HashedWords, texts: list[str]) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(HashedWords, "embed", interrupt)
        assert command.main([path]) == 130
    assert command.main([path]) == 0
    assert "generation         1" in capsys.readouterr().out


def metrics_in(path: Path) -> dict[str, float]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_a_terminated_run_says_so_and_tells_the_scheduler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = tmp_path / "ingest.prom"
    words = HashedWords()

    def embed(texts: list[str]) -> object:
        os.kill(os.getpid(), signal.SIGTERM)
        return words.embed(texts)

    monkeypatch.setattr(command, "lazy_embedder", lambda settings: Embedder(words.spec, embed, words.count_tokens))
    before = signal.getsignal(signal.SIGTERM)
    assert command.main([write(tmp_path / "a.jsonl", note("1")), "--metrics-file", str(metrics)]) == 143
    assert "nothing was published" in capsys.readouterr().err
    assert metrics_in(metrics)["anamnesis_ingest_success"] == 0
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_metrics_file_without_a_folder_is_refused_before_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "absent" / "ingest.prom"
    assert command.main([write(tmp_path / "a.jsonl", note("1")), "--metrics-file", str(missing)]) == 2
    assert "no folder for the metrics file" in capsys.readouterr().err
    assert not (tmp_path / "var").exists()


def test_a_scheduler_learns_of_failed_runs_and_of_the_last_good_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ingest.prom"
    options = ["--metrics-file", str(file)]
    assert command.main([str(tmp_path / "absent"), *options]) == 1
    shown = metrics_in(file)
    assert shown["anamnesis_ingest_success"] == 0
    assert shown["anamnesis_ingest_last_run_timestamp_seconds"] > 0
    assert not [name for name in shown if "last_success" in name or name.startswith("anamnesis_index")]

    path = write(tmp_path / "a.jsonl", note("1"))
    assert command.main([path, *options]) == 0
    good = metrics_in(file)
    assert good["anamnesis_ingest_success"] == 1
    last = "anamnesis_ingest_last_success_timestamp_seconds"
    assert good[last] == good["anamnesis_ingest_last_run_timestamp_seconds"]

    for breaking, code in ((IngestFailed("no"), 1), (KeyboardInterrupt(), 130), (SettingsInvalid("no"), 2)):

        def fail(*args: object, error: BaseException = breaking, **options: object) -> None:
            raise error

        with monkeypatch.context() as broken:
            broken.setattr(command, "run_ingest", fail)
            assert command.main([path, *options]) == code
        shown = metrics_in(file)
        assert shown["anamnesis_ingest_success"] == 0
        assert shown[last] == good[last] < shown["anamnesis_ingest_last_run_timestamp_seconds"]


def test_a_refused_source_can_be_let_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([write(tmp_path / "a.jsonl", *(note(str(i)) for i in range(10)))]) == 0
    path = write(tmp_path / "a.jsonl", note("1"))
    assert command.main([path]) == 1
    assert "--allow-shrink" in capsys.readouterr().err
    assert command.main([path, "--allow-shrink"]) == 0
    assert command.main([path]) == 0
    assert "not read, files unchanged" in capsys.readouterr().out
    assert command.main([path, "--no-skip"]) == 0
    assert "not read" not in capsys.readouterr().out
    assert command.main([write(tmp_path / "a.jsonl")]) == 1
    assert "--allow-empty" in capsys.readouterr().err
    assert command.main([path, "--allow-empty"]) == 0


def test_no_text_of_a_note_reaches_output_or_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    bad = [note("d", charted_at=MARKER), note("t", note_type=7), note("1", text=f"{MARKER} 2"), f'{{"text": "{MARKER}']
    good = [note("1"), *(note(f"g{i}") for i in range(60))]
    assert command.main([write(tmp_path / "a.jsonl", *good, *bad)]) == 0
    assert command.main([write(tmp_path / "a.jsonl", *bad)]) == 1
    shown = capsys.readouterr()
    reports = "".join(p.read_text() for p in (tmp_path / "var" / "quarantine").iterdir())
    assert reports
    assert MARKER not in shown.out + shown.err + reports + caplog.text
