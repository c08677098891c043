"""What a chart amounts to is worked out once, a part of it by itself, and nothing of it outlives the chart."""

import gc
import weakref
from pathlib import Path

from chains.knowledge import Knowledge, knowledge_of
from chains.scope import scope_of
from core.records import SummaryRequest
from tests.fakes.charts import AVA, build_store
from vectorstore.chart import Chart

EVERYTHING = SummaryRequest("ava")
EARLY = SummaryRequest("ava", until="2021-02-03")


def know(chart: Chart, request: SummaryRequest) -> Knowledge:
    return knowledge_of(chart, scope_of(request, chart))


def test_a_part_is_told_the_same_whether_or_not_the_whole_was_asked_before(tmp_path: Path) -> None:
    asked, fresh = (build_store(tmp_path / name, AVA).generation.chart("ava") for name in ("asked", "fresh"))
    whole = know(asked, EVERYTHING)
    part = know(asked, EARLY)
    assert part == know(fresh, EARLY)
    assert {note_id for note_id, _ in part.sentences} < {note_id for note_id, _ in whole.sentences}


def test_the_whole_is_worked_out_once(tmp_path: Path) -> None:
    chart = build_store(tmp_path, AVA).generation.chart("ava")
    assert know(chart, EVERYTHING) is know(chart, EVERYTHING)


def test_a_chart_goes_at_once_when_nobody_holds_it_with_all_that_was_made_of_it(tmp_path: Path) -> None:
    store = build_store(tmp_path, AVA)
    chart = store.generation._open("ava")
    know(chart, EVERYTHING)
    left = weakref.ref(chart)
    gc.collect()
    gc.disable()
    try:
        del chart
        assert left() is None
    finally:
        gc.enable()
