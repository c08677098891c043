import json
import logging

from core.telemetry import JsonFormatter, Metrics, TextFormatter, traits_of


def record_of_a_failure() -> logging.LogRecord:
    try:
        raise ValueError("patient text")
    except ValueError:
        import sys

        return logging.getLogger("anamnesis").makeRecord(
            "anamnesis", logging.ERROR, __file__, 1, "failed", (), sys.exc_info(), extra={"section": "course"}
        )


def test_a_log_line_carries_fields_and_not_the_message_of_an_exception() -> None:
    line = JsonFormatter().format(record_of_a_failure())
    fields = json.loads(line)
    assert fields["event"] == "failed"
    assert fields["section"] == "course"
    assert fields["exception"] == "ValueError"
    assert fields["at"].startswith(__file__)
    assert "patient text" not in line
    assert "patient text" not in TextFormatter().format(record_of_a_failure())


def test_the_lines_of_a_failure_are_told_innermost_first() -> None:
    def inner() -> None:
        raise ValueError("patient text")

    def outer() -> None:
        inner()

    try:
        outer()
    except ValueError as e:
        places = traits_of(e)["at"].split(" < ")
    lines = [int(place.removeprefix(f"{__file__}:")) for place in places]
    assert len(lines) == 3
    assert lines[0] < lines[1] < lines[2]


def test_what_asyncio_quotes_of_a_failed_task_is_left_out() -> None:
    said = "Task exception was never retrieved\nfuture: <Task finished exception=ValueError('patient text')>"
    for form in (JsonFormatter(), TextFormatter()):
        line = form.format(logging.getLogger("asyncio").makeRecord("asyncio", logging.ERROR, "", 1, said, (), None))
        assert "never retrieved" in line
        assert "patient text" not in line


def test_each_set_of_metrics_has_its_own_registry() -> None:
    one, other = Metrics(), Metrics()
    one.statements.labels(status="quoted").inc()
    assert one.registry.get_sample_value("anamnesis_statements_total", {"status": "quoted"}) == 1
    assert other.registry.get_sample_value("anamnesis_statements_total", {"status": "quoted"}) == 0


def test_series_whose_labels_are_known_begin_at_zero_and_others_with_their_first_event() -> None:
    registry = Metrics().registry
    assert registry.get_sample_value("anamnesis_cache_lookups_total", {"result": "hit"}) == 0
    assert registry.get_sample_value("anamnesis_queue_seconds_count", {"priority": "batch"}) == 0
    assert registry.get_sample_value("anamnesis_rejected_total", {"reason": "overloaded"}) is None
