"""Lists of drugs through the whole chain without a model: what is quoted is what the note says, limits and all."""

from pathlib import Path

import pytest

from chains import ChainInput, build_chain
from core.records import Note, Statement, SummaryRequest
from core.settings import LLMSettings
from core.telemetry import Metrics
from tests.fakes.charts import AVA, build_store

pytestmark = pytest.mark.integration

LISTED = [
    "Warfarin 5 mg daily - HOLD for INR 5",
    "Warfarin 5 mg daily except 7.5 mg on Tuesdays",
    "Warfarin 5 mg Mon/Wed/Fri, 2.5 mg other days",
    "Digoxin 0.125 mg M/W/F",
    "Tacrolimus 3 mg qAM and 2 mg qPM",
    "NPH 20 units AM and 10 units PM",
    "Prednisone taper: 40 mg, 30, 20, 10 mg then stop",
    "Oxycodone 5 mg q6h only if severe pain",
    "Insulin glargine 20 units nightly, hold if NPO",
    "Apixaban 5 mg BID (prescribed, never filled)",
    "Lisinopril 10 mg daily (held, AKI)",
    "Warfarin 5 mg daily. HOLD for INR > 5.",
    "Oxycodone 5 mg q6h PRN. Do not exceed 4 tabs a day.",
]


def clinic(number: int, text: str) -> Note:
    return Note(f"p/{number}", "p", None, "Clinic note", f"2024-0{number}-05", text)


async def listed(root: Path, *notes: Note) -> list[Statement]:
    chain = build_chain(llm=None, metrics=Metrics(), llm_settings=LLMSettings())
    chart = build_store(root, notes).generation.chart(notes[0].patient_id)
    summary = await chain.ainvoke(ChainInput(SummaryRequest(chart.patient_id), chart, "summary-1", False))
    section = next(s for s in summary.sections if s.key == "medications")
    assert section.withheld == 0
    return list(section.statements)


async def texts(root: Path, *notes: Note) -> list[str]:
    return [statement.text for statement in await listed(root, *notes)]


@pytest.mark.parametrize("item", LISTED)
async def test_an_item_is_shown_with_all_that_restricts_it(tmp_path: Path, item: str) -> None:
    note = clinic(1, f"MEDICATIONS:\n- {item}\n- Atorvastatin 40 mg daily\n")
    assert sorted(await texts(tmp_path, note)) == sorted([item, "Atorvastatin 40 mg daily"])


@pytest.mark.parametrize("item", LISTED)
async def test_a_sentence_is_shown_with_all_that_restricts_a_dose(tmp_path: Path, item: str) -> None:
    note = clinic(
        1, f"ASSESSMENT AND PLAN:\nShe is well. She takes {item.removesuffix('.')}. Follow up in two weeks.\n"
    )
    shown = await texts(tmp_path, note)
    assert any(item.removesuffix(".") in text for text in shown), shown


async def test_the_next_sentence_is_left_out_where_it_restricts_nothing(tmp_path: Path) -> None:
    note = clinic(1, "ASSESSMENT AND PLAN:\nShe takes warfarin 5 mg daily. No bleeding. Hold metformin 500 mg BID.\n")
    assert "warfarin 5 mg daily" in await texts(tmp_path, note)


async def test_a_list_in_one_sentence_stays_a_list_of_short_quotes(tmp_path: Path) -> None:
    note = clinic(1, "ASSESSMENT AND PLAN:\nShe takes aspirin 81 mg daily, metformin 500 mg BID, lisinopril 10 mg.\n")
    assert await texts(tmp_path, note) == ["aspirin 81 mg daily", "lisinopril 10 mg", "metformin 500 mg BID"]


async def test_a_held_drug_is_told_by_its_hold_with_the_dose_it_had(tmp_path: Path) -> None:
    notes = clinic(1, "MEDICATIONS:\n- Warfarin 5 mg daily\n"), clinic(2, "Warfarin held for colonoscopy.\n")
    (statement,) = await listed(tmp_path, *notes)
    assert statement.text == "Warfarin held for colonoscopy, previously 5 mg daily (2024-01-05)"
    assert [c.quote for c in statement.citations] == ["Warfarin held for colonoscopy.", "Warfarin 5 mg daily"]


async def test_a_held_drug_stays_in_a_longer_list(tmp_path: Path) -> None:
    listed_drugs = "MEDICATIONS:\n- Warfarin 5 mg daily\n- Lisinopril 10 mg daily\n- Metformin 500 mg BID\n"
    shown = await texts(tmp_path, clinic(1, listed_drugs), clinic(2, "Warfarin held for colonoscopy.\n"))
    assert len(shown) == 3
    assert any(text.startswith("Warfarin held for colonoscopy") for text in shown)


async def test_two_drugs_held_in_one_sentence_keep_their_own_doses(tmp_path: Path) -> None:
    before = clinic(1, "MEDICATIONS:\n- Warfarin 5 mg daily\n- Metformin 500 mg BID\n")
    held = "Warfarin and metformin held for colonoscopy"
    assert await texts(tmp_path, before, clinic(2, f"{held}.\n")) == [
        f"{held}; metformin previously 500 mg BID (2024-01-05)",
        f"{held}; warfarin previously 5 mg daily (2024-01-05)",
    ]


async def test_an_oral_dose_is_compared_with_the_oral_dose_before_it(tmp_path: Path) -> None:
    shown = await texts(tmp_path, *AVA)
    assert "Furosemide 40 mg PO daily, previously 20 mg daily (2021-02-03)" in shown


async def test_a_dose_of_another_route_is_told_with_its_route(tmp_path: Path) -> None:
    plan = clinic(1, "ASSESSMENT AND PLAN:\nStart intravenous furosemide 40 mg twice daily.\n")
    (shown,) = await texts(tmp_path, plan, clinic(2, "MEDICATIONS:\n- Furosemide 80 mg PO daily\n"))
    assert shown == "Furosemide 80 mg PO daily, previously 40 mg IV twice daily (2024-01-05)"


async def test_another_frequency_of_the_same_dose_is_a_change(tmp_path: Path) -> None:
    notes = (
        clinic(1, "MEDICATIONS:\n- Metoprolol 25 mg PO daily\n"),
        clinic(2, "MEDICATIONS:\n- Metoprolol 25 mg PO BID\n"),
    )
    assert await texts(tmp_path, *notes) == ["Metoprolol 25 mg PO BID, previously 25 mg daily (2024-01-05)"]
