"""Negation, uncertainty, conditions, plans, times and whose it is, over sentences written by hand."""

from pathlib import Path

import pytest

from chains.evidence import Evidence
from chains.verification import Claim, first_refusal
from core.records import Citation, SectionKind

ROWS = [
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "signs.tsv").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]


def evidence(line: str) -> Evidence:
    citation = Citation("n1", "Progress note", "2021-02-11T10:00:00", "COURSE", 0, len(line), line)
    return Evidence("E1", citation, SectionKind.HOSPITAL_COURSE, line)


@pytest.mark.parametrize(("line", "statement"), [(row[1], row[2]) for row in ROWS if row[0] == "true"])
def test_a_true_statement_passes(line: str, statement: str) -> None:
    assert first_refusal(Claim(statement, (evidence(line),), gender="man")) is None


@pytest.mark.parametrize(("kind", "line", "statement"), [row for row in ROWS if row[0] != "true"])
def test_a_turned_statement_is_refused(kind: str, line: str, statement: str) -> None:
    assert first_refusal(Claim(statement, (evidence(line),), gender="man")) is not None, kind
