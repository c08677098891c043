"""Replays in words for a terminal, or as JSON. Text of charts is shown on demand alone."""

from collections.abc import Iterator
from dataclasses import replace

import orjson

from chains.replay.comparison import Side, StatementDifference
from chains.replay.replaying import Replay


def as_json(replay: Replay, *, with_text: bool) -> str:
    """One line of JSON."""
    if not with_text:
        statements = (replace(s, then=replace(s.then, text=""), now=replace(s.now, text="")) for s in replay.statements)
        replay = replace(replay, statements=tuple(statements))
    return orjson.dumps(replay).decode()


def as_text(replay: Replay, *, with_text: bool) -> str:
    """A line that says what came of it, and an indented one for each difference."""
    return "\n".join(_plain(line) for line in _lines(replay, with_text=with_text))


def _lines(replay: Replay, *, with_text: bool) -> Iterator[str]:
    if replay.outcome == "cannot":
        yield f"{replay.summary_id} cannot be replayed: {replay.problem}"
        return
    yield f"{replay.summary_id} {replay.outcome} ({_generation(replay)}; {_verifier(replay)})"
    for statement in replay.statements:
        yield f"  {statement.statement_id}: {', '.join(_changes(statement))}"
        if with_text:
            yield f"    then: {statement.then.text}"
            yield f"    now:  {statement.now.text}"
    for difference in replay.rest:
        yield f"  {difference.what}: {difference.now}, was {difference.then}"
    if replay.new_questions:
        yield f"  questions to the model that were not asked then, taken as unanswered: {replay.new_questions}"


def _changes(statement: StatementDifference) -> Iterator[str]:
    then, now = statement.then, statement.now
    if "evidence" in statement.aspects:
        yield "other evidence was gathered"
    if {"shown", "status"} & set(statement.aspects):
        yield f"{_status(now)}, was {_status(then)}"
    if "text" in statement.aspects:
        yield "other words"
    if "citations" in statement.aspects:
        yield f"cites {_places(now)}, was {_places(then)}"
    if "flags" in statement.aspects:
        yield "other flags"
    if then.refused_by != now.refused_by:
        yield f"refused by {_codes(now)}, was {_codes(then)}"


def _status(side: Side) -> str:
    return side.status or "not shown"


def _places(side: Side) -> str:
    return " ".join(side.citations) or "nothing"


def _codes(side: Side) -> str:
    return " ".join(side.refused_by) or "no check"


def _generation(replay: Replay) -> str:
    if replay.generation == replay.made_from:
        return f"generation {replay.generation}"
    return f"made from generation {replay.made_from}, the chart is the same in {replay.generation}"


def _verifier(replay: Replay) -> str:
    if replay.verifier_then == replay.verifier_now:
        return f"verifier {replay.verifier_now}"
    return f"verifier {replay.verifier_then} then, {replay.verifier_now} now"


def _plain(line: str) -> str:
    """The line without what could steer a terminal: ids and texts come from outside."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line)
