"""What a list says of a drug's present regimen and of the one before."""

from pathlib import Path

from chains import ChainInput, build_chain
from core.records import Note, SummaryRequest
from core.settings import LLMSettings
from core.telemetry import Metrics
from tests.fakes.charts import build_store


def drugs(tmp_path: Path, *texts: str) -> list[str]:
    """The statements of the medication section, of one visit a year."""
    notes = [Note(f"n{i}", "kim", None, "Outpatient note", f"{2020 + i}-03-01", text) for i, text in enumerate(texts)]
    chain = build_chain(llm=None, metrics=Metrics(), llm_settings=LLMSettings())
    chart = build_store(tmp_path, notes).generation.chart("kim")
    summary = chain.invoke(ChainInput(SummaryRequest("kim"), chart, "summary-1", False))
    return [s.text for section in summary.sections if section.key == "medications" for s in section.statements]


def test_the_regimen_is_told_with_its_limit_and_what_it_is_for(tmp_path: Path) -> None:
    regimen = "nitroglycerin 0.4 mg under the tongue every 5 minutes up to 3 doses as needed for chest pain"
    assert drugs(tmp_path, f"MEDICATIONS:\n- {regimen}\n- aspirin 81 mg daily\n")[-1] == regimen


def test_a_dose_that_the_statement_names_is_not_told_again(tmp_path: Path) -> None:
    found = drugs(
        tmp_path,
        "MEDICATIONS:\nLantus 26 units at bedtime\n",
        "ASSESSMENT:\nShe has had fasting sugars of more than two hundred on most days of the last month, so that "
        "we went up on Lantus: 26 units to 30 units at bedtime, with a call to be made by the nurse.\n",
    )
    (told,) = found
    assert "30 units" in told
    assert "previously" not in told


def test_another_wording_of_the_same_regimen_is_no_change(tmp_path: Path) -> None:
    found = drugs(
        tmp_path,
        "MEDICATIONS:\nnitroglycerin 0.4 mg as needed\n",
        "MEDICATIONS:\nnitroglycerin 0.4 mg SL every 5 minutes as needed\n",
    )
    assert found == ["nitroglycerin 0.4 mg SL every 5 minutes as needed"]


def test_another_dose_is_told_with_the_one_before(tmp_path: Path) -> None:
    found = drugs(tmp_path, "MEDICATIONS:\nlosartan 50 mg daily\n", "MEDICATIONS:\nlosartan 25 mg daily\n")
    assert found == ["losartan 25 mg daily, previously 50 mg daily (2020-03-01)"]
