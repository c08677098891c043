"""What two makings of a summary are said to differ in."""

from dataclasses import replace

import pytest

from chains.replay.comparison import compare_rest, compare_statements
from chains.replay.replaying import Replay
from chains.replay.report import as_json, as_text
from core.records import (
    Citation,
    Conflict,
    Coverage,
    GroupTrace,
    PromptRef,
    Provenance,
    Statement,
    Summary,
    SummaryRequest,
    SummarySection,
    Timings,
    Trace,
    Usage,
    WritingSettings,
)

CITATION = Citation("n/1", "Letter", "2021-02-08", "PLAN", 3, 9, "secret")
STATEMENT = Statement("plan-1", "The secret plan.", "supported", (CITATION,))
REF = PromptRef("p", "1", "0")


def summary(*statements: Statement, **fields: object) -> Summary:
    section = SummarySection("plan", "Plan", "ok", 0, statements)
    provenance = Provenance(1, "d", "e", None, None, REF, "rules-0")
    made = Summary(
        "s1", "p", "handoff", "2026-01-01T00:00:00+00:00", "extractive", (section,), (),
        Coverage(3, 2, 1, 0, ()), provenance, Usage(), Timings(0.1, 0.1, 0.2),
    )  # fmt: skip
    return replace(made, **fields)  # type: ignore[arg-type]


def trace(*groups: GroupTrace) -> Trace:
    settings = WritingSettings("extractive", "close", "", "", 96, 0.0, 0.5, REF)
    return Trace(SummaryRequest("p"), False, settings, REF, groups, ())


def group(evidence: str = "a", *reasons: str) -> GroupTrace:
    return GroupTrace("plan", 0, evidence, reasons)


def test_the_same_made_at_another_time_is_the_same() -> None:
    later = summary(STATEMENT, summary_id="s2", generated_at="2027-01-01T00:00:00+00:00", usage=Usage(1, 1, 1))
    later = replace(later, timings=Timings(9.0, None, 9.0))
    assert compare_statements((summary(STATEMENT), trace(group())), (later, trace(group()))) == ()
    assert compare_rest(summary(STATEMENT), later) == ()


@pytest.mark.parametrize(
    ("change", "aspects"),
    [
        ({"status": "quoted"}, ("status",)),
        ({"text": "Another."}, ("text",)),
        ({"citations": ()}, ("citations",)),
        ({"flags": ("unusual",)}, ("flags",)),
        ({"status": "quoted", "text": "Another."}, ("status", "text")),
    ],
)
def test_a_changed_statement_says_what_of_it_changed(change: dict[str, object], aspects: tuple[str, ...]) -> None:
    other = summary(replace(STATEMENT, **change))  # type: ignore[arg-type]
    (found,) = compare_statements((summary(STATEMENT), trace(group())), (other, trace(group("a", "number"))))
    assert found.statement_id == "plan-1"
    assert found.aspects == aspects
    assert (found.then.refused_by, found.now.refused_by) == ((), ("number",))


def test_a_statement_that_is_no_longer_shown_names_the_check_that_refuses_it() -> None:
    then, now = (summary(STATEMENT), trace(group())), (summary(), trace(group("a", "number", "negation")))
    (found,) = compare_statements(then, now)
    assert found.aspects == ("shown",)
    assert (found.then.status, found.now.status) == ("supported", None)
    assert found.now.refused_by == ("number", "negation")


def test_other_evidence_under_the_same_words_is_told() -> None:
    then, now = (summary(STATEMENT), trace(group("a"))), (summary(STATEMENT), trace(group("b")))
    (found,) = compare_statements(then, now)
    assert found.aspects == ("evidence",)


def test_what_differs_beside_the_statements_is_told_without_text() -> None:
    conflict = Conflict("drug_disagreement", "The chart disagrees about secret.", (CITATION,))
    now = summary(STATEMENT, mode="abstractive", conflicts=(conflict,), coverage=Coverage(3, 3, 1, 0, ()))
    now = replace(now, sections=(replace(now.sections[0], outcome="partial", withheld=1),))
    found = compare_rest(summary(STATEMENT), now)
    assert [d.what for d in found] == ["mode", "section plan", "conflicts", "coverage notes_considered"]
    assert "secret" not in str(found)
    reworded = replace(now, conflicts=(replace(conflict, text="Other."),))
    assert [d.now for d in compare_rest(now, reworded)] == ["other words or places"]


def test_a_report_holds_ids_and_codes_and_text_on_demand_alone() -> None:
    other = summary(replace(STATEMENT, text="Secret \x1b[31m plan.", citations=()))
    found = compare_statements((summary(STATEMENT), trace(group())), (other, trace(group("a", "number"))))
    replay = Replay("s1", "differs", 1, 1, "rules-0", "rules-9", found)
    line = "  plan-1: other words, cites nothing, was n/1:3-9, refused by number, was no check"
    said = as_text(replay, with_text=False)
    assert said == f"s1 differs (generation 1; verifier rules-0 then, rules-9 now)\n{line}"
    assert "secret" not in as_json(replay, with_text=False).lower()
    assert "    now:  Secret \\x1b[31m plan." in as_text(replay, with_text=True)
    assert "Secret" in as_json(replay, with_text=True)
