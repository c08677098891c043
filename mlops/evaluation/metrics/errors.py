"""Errors of sense: negation, side, whose it is, and what no longer holds."""

import re
from collections.abc import Callable, Sequence

from core.records import Citation
from mlops.evaluation.ledger import PatientLedger
from mlops.evaluation.metrics.citations import Share
from mlops.evaluation.metrics.facts import Claim, Verdict
from mlops.evaluation.metrics.names import NameFinder
from mlops.evaluation.metrics.stance import Stance, stance_of_span
from mlops.evaluation.metrics.telling import Told, ToldStatement, told_in

_SIDES = {"left": re.compile(r"\b(?:left|L|lt)\b"), "right": re.compile(r"\b(?:right|R|rt)\b")}
_BOTH = re.compile(r"\b(?:bilateral(?:ly)?|both)\b", re.IGNORECASE)
_RIGHT_AWAY = re.compile(r"\bright (?:away|now|after)\b|\b(?:all|is|was) right\b|\bhas? left\b", re.IGNORECASE)


def negation(
    statements: Sequence[ToldStatement], claims: Sequence[Claim], ledger: PatientLedger, names: NameFinder
) -> Share:
    """Negation errors, of all claims and symptoms told.

    Two sorts: a fact of the patient's told as denied though it holds (or the chart's correction of a mistake left out,
    so that what never was the patient's is told as present); and a symptom told as present where the cited words deny
    it, or told as denied where they affirm it.
    """
    wrong = [c.statement for c in claims if c.name and c.verdict in {Verdict.DENIED, Verdict.NEVER}]
    asked = 0
    for statement in statements:
        for told in told_in(statement, ledger, names):
            if not any(kind == "symptom" for kind, _ in told.keys):
                continue
            cited = _cited_stances(told, ledger)
            if not cited or told.stance is Stance.POSSIBLE:
                continue
            asked += 1
            denies = told.stance is Stance.DENIED
            if cited == {not denies}:
                wrong.append(statement)
    return Share(len(wrong), asked + len(claims), tuple(wrong))


def subject(claims: Sequence[Claim]) -> Share:
    """Subject errors: claims that tell a relative's disease as the patient's, of all claims."""
    wrong = tuple(c.statement for c in claims if c.verdict is Verdict.FAMILY)
    return Share(len(wrong), len(claims), wrong)


def currency(claims: Sequence[Claim]) -> Share:
    """Currency errors, of all claims: ended, resolved or superseded facts told as if they held, and the reverse."""
    over = {Verdict.ENDED, Verdict.WRONG_VALUE, Verdict.NOT_SO}
    wrong = tuple(c.statement for c in claims if c.verdict in over)
    return Share(len(wrong), len(claims), wrong)


def laterality(statements: Sequence[ToldStatement], sentence_of: Callable[[Citation], str]) -> Share:
    """Laterality errors: statements that name a side which no sentence they cite names, of those that name a side."""
    wrong, total = [], 0
    for statement in statements:
        named = _sides(statement.text)
        if not named:
            continue
        total += 1
        known = set().union(*(_sides(sentence_of(c)) for c in statement.citations))
        if named - known:
            wrong.append(statement)
    return Share(len(wrong), total, tuple(wrong))


def _cited_stances(told: Told, ledger: PatientLedger) -> set[bool]:
    """Whether the cited words deny what is named here: for each span of theirs that states it, True or False."""
    return {
        stance_of_span(span) is Stance.DENIED
        for citation in told.statement.citations
        for span, fact in ledger.spans_by_note.get(citation.note_id, ())
        if fact.key in told.keys and span.start < citation.end and span.end > citation.start
    }


def _sides(text: str) -> set[str]:
    plain = _RIGHT_AWAY.sub(" ", text)
    found = {side for side, words in _SIDES.items() if words.search(plain) or words.search(plain.lower())}
    return found | ({"left", "right"} if _BOTH.search(plain) else set())
