import io
import json
import stat
from collections import Counter
from pathlib import Path

import pytest

from core.telemetry import Metrics
from ingest.outcome import Outcome
from ingest.progress import LineProgress
from ingest.quarantine import QuarantineReport, clear_unfinished
from ingest.sources import Reason, Rejected


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_than_on_a_terminal_each_stage_ends_with_one_plain_line() -> None:
    stream = io.StringIO()
    progress = LineProgress(stream)
    for done in range(1, 2001):
        progress.update("reading", done)
    progress.update("writing", 2000, 2000)
    progress.close()
    assert [line.split(",")[0] for line in stream.getvalue().splitlines()] == ["reading: 2", "writing: 2"]
    assert "\r" not in stream.getvalue()


def test_a_terminal_gets_one_line_that_is_written_over() -> None:
    stream = Terminal()
    progress = LineProgress(stream)
    progress.update("reading", 1, 10)
    progress.close()
    assert stream.getvalue() == "\r\x1b[Kreading: 1 of 10\n"


def test_time_left_is_told_from_what_is_left_or_from_the_share_that_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, now = Terminal(), iter((0.0, 0.0, 30.0, 30.0, 30.0, 90.0))
    monkeypatch.setattr("ingest.progress.time.monotonic", lambda: next(now))
    progress = LineProgress(stream)
    progress.update("reading a", 0, share=0.0)
    progress.update("reading a", 3000, share=0.25)
    progress.update("writing", 0, 10)
    progress.update("writing", 4, 10)
    shown = [line.strip() for line in stream.getvalue().replace("\r\x1b[K", "\n").splitlines() if line.strip()]
    assert shown[-1] == "writing: 4 of 10, 0/s, 1:30 left"
    assert "reading a: 3,000, 25%, 100/s, 1:30 left" in shown


def test_the_report_holds_reasons_places_and_ids_and_is_complete_once_it_has_its_name(tmp_path: Path) -> None:
    with QuarantineReport(tmp_path / "q", ["a b", "c/../d"]) as report:
        report.add("a b", Rejected(Reason.BAD_ROW, "f.csv:3"))
        report.add("a b", Rejected(Reason.EMPTY_NOTE, "f.csv:4", "n\n1", "p"))
        assert not report.path.exists()
    lines = [json.loads(line) for line in report.path.read_text().splitlines()]
    assert lines == [
        {"source": "a b", "reason": "bad_row", "where": "f.csv:3"},
        {"source": "a b", "reason": "empty_note", "where": "f.csv:4", "note_id": "n\n1", "patient_id": "p"},
    ]
    assert [p.name for p in (tmp_path / "q").iterdir()] == [report.path.name]
    assert stat.S_IMODE(report.path.stat().st_mode) == 0o600
    assert report.counts == {Reason.BAD_ROW: 1, Reason.EMPTY_NOTE: 1}


def test_of_an_erased_patients_row_only_the_number_is_kept(tmp_path: Path) -> None:
    with QuarantineReport(tmp_path, ["s"]) as report:
        report.add("s", Rejected(Reason.ERASED, "f:1", "n", "p"))
    assert report.counts == {Reason.ERASED: 1}
    assert list(tmp_path.iterdir()) == []


def test_the_report_is_kept_when_the_run_fails_and_absent_when_nothing_was_rejected(tmp_path: Path) -> None:
    with pytest.raises(KeyError), QuarantineReport(tmp_path, ["s"]) as report:
        report.add("s", Rejected(Reason.BAD_ROW, "f:1"))
        raise KeyError
    with QuarantineReport(tmp_path, ["t"]) as unused:
        pass
    assert report.path.exists()
    assert not unused.path.exists()


def test_a_report_that_a_killed_run_left_unfinished_goes_and_one_still_being_written_stays(tmp_path: Path) -> None:
    (tmp_path / "20200101T000000Z-s.partial").write_text("{}")
    with QuarantineReport(tmp_path, ["s"]) as report:
        report.add("s", Rejected(Reason.BAD_ROW, "f:1"))
        clear_unfinished(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [f"{report.path.stem}.partial"]
    assert list(tmp_path.iterdir()) == [report.path]


def test_the_run_is_counted_in_metrics_and_shown_in_a_table() -> None:
    outcome = Outcome(rows=9, added=3, unchanged=1, generation=4, published=True, seconds=1.5, index_notes=4)
    outcome.rejected = Counter({Reason.BAD_ROW: 2, Reason.SUPERSEDED: 1, Reason.DUPLICATE: 2})
    metrics = Metrics()
    outcome.record(metrics)
    value = metrics.registry.get_sample_value
    assert value("anamnesis_ingest_notes_total", {"outcome": "added"}) == 3
    assert value("anamnesis_ingest_notes_total", {"outcome": "quarantined"}) == 2
    assert value("anamnesis_ingest_notes_total", {"outcome": "superseded"}) == 1
    assert value("anamnesis_ingest_seconds_sum") == 1.5
    table = outcome.table()
    assert "  bad_row" in table
    assert "left out: superseded" in table
