"""Allergies that no lexicon knows, from the note to the section that is shown."""

from dataclasses import replace
from pathlib import Path

import pytest

from chains import ChainInput, build_chain
from core.records import Note, Summary, SummaryRequest
from core.settings import LLMSettings
from core.telemetry import Metrics
from tests.fakes.charts import build_store

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

NOTE = Note("cara/n1", "cara", None, "Progress note", "2021-03-01", "")


def shown(root: Path, *texts: str, section: str = "allergies") -> list[str]:
    notes = [replace(NOTE, note_id=f"cara/n{i}", text=text) for i, text in enumerate(texts)]
    chart = build_store(root, notes).generation.chart("cara")
    chain = build_chain(llm=None, metrics=Metrics(), llm_settings=LLMSettings())
    summary: Summary = chain.invoke(ChainInput(SummaryRequest("cara"), chart, "summary-1", False))
    return [s.text for part in summary.sections if part.key == section for s in part.statements]


@pytest.mark.parametrize(
    "line", ["Xyzalbumab (anaphylaxis)", "Clinda (c diff)", "tetanus toxoid", "amox - tongue swelling", "MRI dye"]
)
def test_a_single_unusual_item_is_shown(tmp_path: Path, line: str) -> None:
    assert shown(tmp_path, f"ALLERGIES: {line}\n\nPLAN: Return in a week.\n") == [line]


def test_no_item_of_a_mixed_list_is_dropped(tmp_path: Path) -> None:
    items = "Penicillin (hives), Xyzalbumab (anaphylaxis), MRI dye, cephs; durian - lip swelling"
    note = f"ALLERGIES: {items}\n\nPLAN: Return in a week.\n"
    assert shown(tmp_path, note) == [
        "cephs", "durian - lip swelling", "MRI dye", "Penicillin (hives)", "Xyzalbumab (anaphylaxis)",
    ]  # fmt: skip


def test_a_reaction_told_in_the_history_is_an_allergy_and_no_medication(tmp_path: Path) -> None:
    note = "HISTORY OF PRESENT ILLNESS: Reports throat swelling with ibuprofen.\n\nPLAN: Return in a week.\n"
    assert shown(tmp_path, note) == ["throat swelling with ibuprofen"]
    assert shown(tmp_path, note, section="medications") == []


def test_what_was_tolerated_is_in_neither_list(tmp_path: Path) -> None:
    note = "ALLERGIES: sulfa (rash)\nPenicillin: tolerated without reaction\n\nPLAN: Return in a week.\n"
    assert shown(tmp_path, note) == ["sulfa (rash)"]
    assert shown(tmp_path, note, section="medications") == []
