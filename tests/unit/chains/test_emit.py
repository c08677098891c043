"""The order of events and the outcome of sections."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from chains.draft import Verdict
from chains.emit import Emitter
from chains.evidence import ChainInput, Evidence, Gathered, Group, SectionEvidence
from chains.provenance import Recorder
from core.errors import ModelUnavailable
from core.records import (
    ChainEvent,
    Citation,
    Coverage,
    PromptRef,
    SectionEvent,
    SectionKind,
    Statement,
    StatementEvent,
    SummaryEvent,
    SummaryRequest,
    WritingSettings,
)
from core.telemetry import Metrics
from prompts import load_templates

PLANS = {s.key: s for s in load_templates()["handoff"].sections}
CITATION = Citation("n1", "Progress note", "2021-02-08", "PLAN", 0, 3, "abc")
EVIDENCE = Evidence("E1", CITATION, SectionKind.PLAN, "abc")


SETTINGS = WritingSettings("compress", "close", "", "", 96, 0.0, 0.5, PromptRef("p", "1", "0"))


class Bare:
    """What a summary tells of its chart."""

    generation, digest, embedding_model = 1, "d", "e"


def groups(key: str, count: int) -> tuple[Group, ...]:
    return tuple(Group(key, i, (EVIDENCE,), EVIDENCE, rewritable=True) for i in range(count))


def verdict(group: Group, *, shown: bool = True, model: str = "") -> Verdict:
    place = replace(CITATION, start=3 * group.index, end=3 * group.index + 3)
    statement = Statement(f"{group.section}-{group.index + 1}", "abc", "quoted", (place,))
    return Verdict(group, statement if shown else None, model)


async def emit(
    sections: list[SectionEvidence], verdicts: list[Verdict], require: str | None = None
) -> list[ChainEvent]:
    request = SummaryRequest("p", require=require)  # type: ignore[arg-type]
    gathered = Gathered(
        ChainInput(request, Bare(), "s1"),  # type: ignore[arg-type]
        tuple(sections), (), Coverage(3, 2, 0, 0, ()), ("n1", "n2"), 0.0, 0.01,
    )  # fmt: skip

    async def incoming() -> AsyncIterator[Gathered | Verdict]:
        yield gathered
        for item in verdicts:
            yield item

    recorder = Recorder(SETTINGS, load_templates())
    return [event async for event in Emitter(recorder, Metrics()).stream(incoming())]


def outcome(events: list[ChainEvent], key: str) -> str:
    return next(e.outcome for e in events if isinstance(e, SectionEvent) and e.key == key)


async def test_names_every_model_that_wrote_a_statement_and_no_other() -> None:
    course = groups("course", 4)
    wrote = [verdict(g, model=m) for g, m in zip(course, ("new", "old", "new", ""), strict=True)]
    wrote[3] = replace(wrote[3], model="refused", statement=None)
    events = await emit([SectionEvidence(PLANS["course"], course)], wrote)
    assert isinstance(events[-1], SummaryEvent)
    assert events[-1].summary.provenance.model == "new, old"


async def test_statements_of_a_section_come_in_reading_order_however_they_were_decided() -> None:
    course = groups("course", 3)
    events = await emit([SectionEvidence(PLANS["course"], course)], [verdict(g) for g in reversed(course)])
    shown = [e.statement.statement_id for e in events if isinstance(e, StatementEvent)]
    assert shown == ["course-1", "course-2", "course-3"]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [([True, True], "ok"), ([True, False], "partial"), ([False, False], "withheld"), ([], "no_evidence")],
)
async def test_a_section_says_how_it_ended(shown: list[bool], expected: str) -> None:
    course = groups("course", len(shown))
    verdicts = [verdict(g, shown=s) for g, s in zip(course, shown, strict=True)]
    events = await emit([SectionEvidence(PLANS["course"], course)], verdicts)
    assert outcome(events, "course") == expected
    summary = events[-1]
    assert isinstance(summary, SummaryEvent)
    assert summary.summary.sections[0].withheld == shown.count(False)


async def test_a_section_whose_gathering_broke_has_failed_and_the_others_stand() -> None:
    course = groups("course", 1)
    sections = [SectionEvidence(PLANS["identity"], (), failed=True), SectionEvidence(PLANS["course"], course)]
    events = await emit(sections, [verdict(course[0])])
    assert outcome(events, "identity") == "failed"
    assert outcome(events, "course") == "ok"


async def test_one_statement_of_the_model_makes_a_summary_abstractive() -> None:
    course = groups("course", 2)
    verdicts = [verdict(course[0]), verdict(course[1], model="llama")]
    events = await emit([SectionEvidence(PLANS["course"], course)], verdicts)
    summary = events[-1]
    assert isinstance(summary, SummaryEvent)
    assert summary.summary.mode == "abstractive"
    assert summary.summary.provenance.model == "llama"
    assert summary.summary.coverage.notes_cited == 1


async def test_prose_that_was_required_and_never_came_is_an_error() -> None:
    course = groups("course", 1)
    with pytest.raises(ModelUnavailable):
        await emit([SectionEvidence(PLANS["course"], course)], [verdict(course[0])], require="abstractive")


async def test_the_trace_tells_each_group_in_reading_order_however_they_were_decided() -> None:
    course, hospital = groups("course", 2), groups("identity", 1)
    sections = [SectionEvidence(PLANS["identity"], hospital), SectionEvidence(PLANS["course"], course)]
    decided = [verdict(g) for g in (course[1], hospital[0], course[0])]
    events = await emit(sections, [replace(decided[0], reasons=("number", "number")), *decided[1:]])
    summary = events[-1]
    assert isinstance(summary, SummaryEvent)
    assert summary.trace is not None
    told = [(g.section, g.index, g.reasons) for g in summary.trace.groups]
    assert told == [("identity", 0, ()), ("course", 0, ()), ("course", 1, ("number", "number"))]
    assert (summary.trace.request, summary.trace.settings) == (SummaryRequest("p"), SETTINGS)
