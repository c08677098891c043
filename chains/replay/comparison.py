"""What two makings of one summary differ in. When it was made, under which id and how long it took do not count."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Literal, TypeAlias

from core.records import Citation, GroupTrace, Statement, Summary, SummarySection, Trace

Aspect: TypeAlias = Literal["shown", "status", "text", "citations", "flags", "evidence"]


@dataclass(frozen=True, slots=True)
class Side:
    """A statement in one of the two makings; `status` is None where nothing was shown.

    `citations` are places (`note_id:start-end`), and `refused_by` are the codes of the checks that refused what was
    written, in order. `text` is the chart's, or about it.
    """

    status: str | None
    refused_by: tuple[str, ...]
    citations: tuple[str, ...]
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class StatementDifference:
    """A statement that is not what it was; "evidence" among `aspects` says that other words were gathered for it."""

    statement_id: str
    aspects: tuple[Aspect, ...]
    then: Side
    now: Side


@dataclass(frozen=True, slots=True)
class Difference:
    """Something else that is not what it was, in words that hold no chart text."""

    what: str
    then: str
    now: str


def compare_statements(then: tuple[Summary, Trace], now: tuple[Summary, Trace]) -> tuple[StatementDifference, ...]:
    """The statements that differ, those of one making alone included, in reading order."""
    before, after = _statements(then[0]), _statements(now[0])
    groups_before, groups_after = _groups(then[1]), _groups(now[1])
    found = []
    for statement_id in dict.fromkeys([*before, *after, *groups_before, *groups_after]):
        pair = before.get(statement_id), after.get(statement_id)
        groups = groups_before.get(statement_id), groups_after.get(statement_id)
        if aspects := tuple(_aspects(*pair, *groups)):
            sides = (_side(statement, group) for statement, group in zip(pair, groups, strict=True))
            found.append(StatementDifference(statement_id, aspects, *sides))
    return tuple(found)


def compare_rest(then: Summary, now: Summary) -> tuple[Difference, ...]:
    """What differs beside the statements."""
    return tuple(_rest(then, now))


def _aspects(
    then: Statement | None, now: Statement | None, group_then: GroupTrace | None, group_now: GroupTrace | None
) -> Iterator[Aspect]:
    if then is None or now is None:
        if then is not now:
            yield "shown"
    else:
        if then.status != now.status:
            yield "status"
        if then.text != now.text:
            yield "text"
        if then.citations != now.citations:
            yield "citations"
        if then.flags != now.flags:
            yield "flags"
    if (group_then and group_then.evidence) != (group_now and group_now.evidence):
        yield "evidence"


def _side(statement: Statement | None, group: GroupTrace | None) -> Side:
    refused_by = group.reasons if group else ()
    if statement is None:
        return Side(None, refused_by, ())
    return Side(statement.status, refused_by, tuple(_place(c) for c in statement.citations), statement.text)


def _place(citation: Citation) -> str:
    return f"{citation.note_id}:{citation.start}-{citation.end}"


def _statements(summary: Summary) -> dict[str, Statement]:
    return {s.statement_id: s for section in summary.sections for s in section.statements}


def _groups(trace: Trace) -> dict[str, GroupTrace]:
    return {f"{g.section}-{g.index + 1}": g for g in trace.groups}


def _rest(then: Summary, now: Summary) -> Iterator[Difference]:
    if then.mode != now.mode:
        yield Difference("mode", then.mode, now.mode)
    before, after = ({s.key: s for s in summary.sections} for summary in (then, now))
    for key in dict.fromkeys([*before, *after]):
        told = _section(before, key), _section(after, key)
        if told[0] != told[1]:
            yield Difference(f"section {key}", *told)
    if [*before] != [*after] and {*before} == {*after}:
        yield Difference("order of sections", ", ".join(before), ", ".join(after))
    if then.conflicts != now.conflicts:
        told = _conflicts(then), _conflicts(now)
        yield Difference("conflicts", told[0], told[1] if told[0] != told[1] else "other words or places")
    for name in (f.name for f in fields(then.coverage)):
        values = getattr(then.coverage, name), getattr(now.coverage, name)
        if values[0] != values[1]:
            yield Difference(f"coverage {name}", *(str(len(v) if isinstance(v, tuple) else v) for v in values))


def _section(sections: Mapping[str, SummarySection], key: str) -> str:
    section = sections.get(key)
    if section is None:
        return "absent"
    return f"{section.outcome}, {section.withheld} withheld"


def _conflicts(summary: Summary) -> str:
    return ", ".join(sorted(c.kind for c in summary.conflicts)) or "none"
