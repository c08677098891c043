"""A regimen is quoted with what limits it: how many doses, when needed, what for, under which condition, until when."""

import pytest

from core.records import Fact, FactKind, Note
from extraction import extract_facts
from ingest.segmentation import segment


def drugs(text: str) -> list[Fact]:
    note = Note("n", "p", None, "", None, text)
    cut = segment(note, count_tokens=lambda s: len(s.split()), chunk_tokens=100)
    return [f for f in extract_facts(note, cut.sentences) if f.kind is FactKind.DRUG]


def quoted(text: str) -> list[str]:
    return [text[f.start : f.end] for f in drugs(text)]


@pytest.mark.parametrize(
    ("regimen", "behind"),
    [
        ("Nitroglycerin 0.4 mg under the tongue every 5 minutes up to 3 doses as needed for chest pain", "."),
        ("0.4 mg nitroglycerin SL q5 min x 3 PRN chest pain", ", and she rests."),
        ("0.4 mg nitroglycerin every 5 min up to 3 doses", " and 40 mg rosuvastatin once daily."),
        ("Albuterol 2 puffs inhaled every 4 hours as needed for wheezing or shortness of breath", "."),
        ("Albuterol 2 puffs q4h prn cough, wheeze", "; she rarely uses it."),
        ("Metoprolol tartrate 25 mg PO BID, hold for SBP < 100 or HR < 60", "."),
        ("Hydralazine 25 mg PO TID if BP > 160/100", "."),
        ("Ibuprofen 600 mg q6h PRN pain, max 2400 mg/day with food", "."),
        ("Tylenol 650 mg q6h PRN, not to exceed 3 g/day", "."),
        ("Sumatriptan 100 mg at onset of headache, may repeat once after 2 hours, max 200 mg daily", "."),
        ("Metformin 500 mg twice daily with meals", " and lisinopril 5 mg daily."),
        ("Insulin lispro 8 units with meals (hold if not eating)", "."),
        ("Lorazepam 0.5 mg as needed (for anxiety)", ", lisinopril 10 mg daily."),
        ("Cephalexin 500 mg QID until 3/14/2150", "."),
        ("Apixaban 5 mg BID until seen by cardiology", "."),
        ("Loperamide 2 mg after each loose stool, max 8 tablets per day", "."),
        ("NTG | 0.4mg | q5min x3 PRN", "; Crestor | 40mg | daily"),
    ],
)
def test_the_span_of_a_drug_takes_in_what_limits_it(regimen: str, behind: str) -> None:
    assert quoted(regimen + behind)[0] == regimen


@pytest.mark.parametrize(
    ("regimen", "behind"),
    [
        ("Acetaminophen 650 mg q6h as needed", " was continued."),
        ("Tramadol 50 mg q6h prn for severe back pain", " was refilled."),
        ("Sumatriptan 100 mg PRN", " sent to the pharmacy."),
        ("Lisinopril 10 mg daily", " for hypertension."),
        ("Oxycodone 5 mg q4h as needed for pain", " and senna 8.6 mg BID."),
        ("Furosemide 40 mg daily", " and she weighs herself."),
        ("Lorazepam 0.5 mg as needed", " (bottle of 30 dispensed in May without any refill, see the pharmacy)."),
    ],
)
def test_the_span_ends_where_the_regimen_does(regimen: str, behind: str) -> None:
    assert quoted(regimen + behind)[0] == regimen


def test_as_needed_behind_a_limit_is_part_of_how_often() -> None:
    (fact,) = drugs("Nitroglycerin 0.4 mg SL every 5 minutes up to 3 doses as needed for chest pain.")
    assert fact.frequency == "every 5 minutes up to 3 doses as needed"
    assert fact.assertion.value == "present"


def test_three_doses_as_needed_are_no_single_treatment_of_the_past() -> None:
    (fact,) = drugs("She has 0.4 mg nitroglycerin SL q5 min x3 PRN chest pain.")
    assert fact.assertion.value == "present"


def test_a_maximum_is_neither_the_dose_nor_how_often() -> None:
    (fact,) = drugs("Albuterol q4h prn, max 12 puffs daily.")
    assert (fact.dose, fact.frequency) == ("", "q4h prn")


@pytest.mark.parametrize(
    "text",
    [
        "Went up on Lantus: 26 units to 30 units at bedtime.",
        "Came down on Lantus: 34 units to 30 units at bedtime.",
        "Lantus increased 26 units to 30 units at bedtime.",
    ],
)
def test_a_dose_told_as_a_to_b_is_b(text: str) -> None:
    (fact,) = drugs(text)
    assert (fact.dose, fact.action.value) == ("30 units", "changed")


def test_a_range_without_a_verb_of_change_is_a_range() -> None:
    (fact,) = drugs("Oxycodone 5 mg to 10 mg every 4 hours as needed.")
    assert (fact.dose, fact.action.value) == ("5 mg", "")
