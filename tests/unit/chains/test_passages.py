"""What may be shown as a passage, and in which section."""

from pathlib import Path

import pytest

from chains import ChainInput, SummaryChain, build_chain
from core.records import Note, SummaryRequest
from core.settings import LLMSettings
from core.telemetry import Metrics
from tests.fakes.charts import build_store


@pytest.fixture
def chain() -> SummaryChain:
    return build_chain(llm=None, metrics=Metrics(), llm_settings=LLMSettings())


def shown(tmp_path: Path, chain: SummaryChain, text: str, key: str, note_type: str = "Progress note") -> list[str]:
    """The statements of a section of the handoff summary of one note."""
    note = Note("n1", "kim", None, note_type, "2021-03-01", text)
    chart = build_store(tmp_path, [note]).generation.chart("kim")
    summary = chain.invoke(ChainInput(SummaryRequest("kim"), chart, "summary-1", False))
    section = next(s for s in summary.sections if s.key == key)
    assert bool(section.statements) == (section.outcome != "no_evidence")
    return [s.text for s in section.statements]


@pytest.mark.parametrize(
    "label",
    [
        "WHAT CHANGED DURING HER STAY",
        "What changed during her stay --",
        "@acute kidney injury of the left kidney",
        "Problem 2 - acute kidney injury",
        "[2] acute on chronic kidney injury",
    ],
)
def test_a_label_is_no_statement(tmp_path: Path, chain: SummaryChain, label: str) -> None:
    text = f"HOSPITAL COURSE:\nShe improved on antibiotics during her stay.\n\n{label}\nHer kidney injury improved.\n"
    found = shown(tmp_path, chain, text, "course", "Discharge summary")
    assert any("antibiotics" in t for t in found)
    assert not any(label in t for t in found), found


def test_a_code_status_is_no_procedure(tmp_path: Path, chain: SummaryChain) -> None:
    text = "PROCEDURES:\nShe underwent cholecystectomy on Monday.\nResus status do not resuscitate, do not intubate.\n"
    found = shown(tmp_path, chain, text, "procedures")
    assert any("cholecystectomy" in t for t in found)
    assert not any("Resus" in t for t in found), found


def test_a_line_of_results_introduces_nobody(tmp_path: Path, chain: SummaryChain) -> None:
    text = "HISTORY OF PRESENT ILLNESS:\nLDL 145 previously, 124 mg/dL at present.\n"
    assert shown(tmp_path, chain, text, "identity") == []


def test_a_result_beside_an_age_does(tmp_path: Path, chain: SummaryChain) -> None:
    text = "HISTORY OF PRESENT ILLNESS:\nA 71 year old woman here for her LDL of 145 mg/dL.\n"
    assert len(shown(tmp_path, chain, text, "identity")) == 1


def test_a_problem_s_name_is_cited_without_the_dash_behind_it(tmp_path: Path, chain: SummaryChain) -> None:
    text = "ASSESSMENT AND PLAN:\n\nAcute kidney injury --\nGive fluids.\n"
    assert shown(tmp_path, chain, text, "problems") == ["Acute kidney injury"]
