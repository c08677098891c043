"""What a chart amounts to is worked out once, a part of it by itself, and nothing of it outlives the chart."""

import gc
import weakref
from pathlib import Path

from chains.evidence import Group
from chains.knowledge import Knowledge, knowledge_of
from chains.scope import scope_of
from core.records import FactKind, SummaryRequest
from prompts import SectionPlan
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


def test_the_groups_of_a_section_are_made_once_and_by_another_section_anew(tmp_path: Path) -> None:
    known = know(build_store(tmp_path, AVA).generation.chart("ava"), EVERYTHING)
    plan, twin = (SectionPlan("allergies", "Allergies", "list", facts=(FactKind.ALLERGY,)) for _ in range(2))
    made: list[str] = []

    def make() -> tuple[Group, ...]:
        made.append("made")
        return ()

    assert [known.listed(plan, make), known.listed(plan, make), known.listed(twin, make)] == [(), (), ()]
    assert len(made) == 2
