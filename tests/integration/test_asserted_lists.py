"""What is only asked, wished, considered, past or somebody else's enters no list of a summary as the patient's own."""

from pathlib import Path

import pytest

from chains import ChainInput, build_chain
from core.records import Note, Summary, SummaryRequest
from core.settings import LLMSettings
from core.telemetry import Metrics
from tests.fakes.charts import build_store

pytestmark = pytest.mark.integration


async def summary_of(root: Path, *notes: tuple[str, str, str]) -> Summary:
    chart = [Note(f"p/{i}", "p", None, note_type, when, text) for i, (when, note_type, text) in enumerate(notes)]
    store = build_store(root, chart)
    chain = build_chain(llm=None, metrics=Metrics(), llm_settings=LLMSettings())
    return await chain.ainvoke(ChainInput(SummaryRequest("p"), store.generation.chart("p"), "s-1", False))


def told(summary: Summary, key: str) -> list[str]:
    return [s.text for section in summary.sections if section.key == key for s in section.statements]


@pytest.mark.parametrize(
    ("later", "disputed"),
    [
        ("The wife asked whether he is full code.", False),
        ("Full code during dialysis only.", True),
        ("Full code (default, not yet discussed).", True),
    ],
)
async def test_a_stated_code_status_stands_against_what_is_asked_or_holds_for_a_time(
    tmp_path: Path, later: str, disputed: bool
) -> None:
    summary = await summary_of(
        tmp_path,
        ("2024-01-01", "Discharge summary", "CODE STATUS: DNR/DNI\n"),
        ("2024-02-01", "Clinic note", f"PLAN:\n{later}\n"),
    )
    assert told(summary, "safety") == ["DNR/DNI"]
    kinds = {c.kind for c in summary.conflicts}
    assert ("code_status_disagreement" in kinds) is disputed


async def test_a_code_status_with_an_exception_is_told_by_its_whole_sentence(tmp_path: Path) -> None:
    summary = await summary_of(tmp_path, ("2024-01-01", "Clinic note", "CODE STATUS: DNR, okay to intubate.\n"))
    assert told(summary, "safety") == ["DNR, okay to intubate."]


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("Her roommate takes lithium 300 mg BID.", "lithium"),
        ("Had been on lithium until 2010.", "lithium"),
        ("Contraindication to warfarin.", "warfarin"),
        ("Discussed apixaban with patient.", "apixaban"),
        ("Awaiting approval for rituximab.", "rituximab"),
        ("Neighbor has TB.", "tb"),
    ],
)
async def test_what_is_not_the_patients_or_not_taken_enters_no_list(tmp_path: Path, text: str, absent: str) -> None:
    summary = await summary_of(
        tmp_path,
        ("2024-01-01", "Clinic note", f"HISTORY:\n{text}\n\nMEDICATIONS:\nLisinopril 10 mg daily\n"),
    )
    listed = [t.lower() for key in ("medications", "problems") for t in told(summary, key)]
    assert any("lisinopril" in t for t in listed)
    assert not any(absent in t for t in listed)


@pytest.mark.parametrize("note_type", ["Progress note", "Consult note", "Emergency visit"])
async def test_a_later_note_on_another_drug_does_not_empty_the_list(tmp_path: Path, note_type: str) -> None:
    listed = "Warfarin 5 mg daily\nInsulin glargine 20 units nightly\nMethadone 40 mg daily\nMetformin 500 mg BID\n"
    summary = await summary_of(
        tmp_path,
        ("2024-01-01", note_type, f"MEDICATIONS:\n{listed}"),
        ("2024-01-20", "Progress note", "PLAN:\nAspirin 81 mg daily started.\n"),
    )
    texts = " ".join(told(summary, "medications")).lower()
    assert all(name in texts for name in ("warfarin", "glargine", "methadone", "metformin", "aspirin"))
