"""Each operator puts in the error it is named for, and nothing where there is nothing to change."""

import pytest

from mlops.evaluation.mutations.assertions import ASSERTIONS
from mlops.evaluation.mutations.exchanges import drug_swapped, other_drugs, swapped
from mlops.evaluation.mutations.made import TrueStatement, errors_in, mutants_of
from mlops.evaluation.mutations.operators import QUANTITIES, date, dose, duration, magnitude, number, time_unit, unit
from mlops.evaluation.paraphrases import chart_of, load_cases


def one(found: object) -> str:
    texts = list(found)  # type: ignore[call-overload]
    assert len(texts) == 1, texts
    return str(texts[0])


def test_a_dose_is_doubled_and_a_ratio_is_no_dose() -> None:
    assert one(dose("Takes warfarin 2.5 mg daily.")) == "Takes warfarin 5 mg daily."
    assert list(dose("Glucose 90 mg/dL.")) == []


def test_a_point_is_moved() -> None:
    assert one(magnitude("Digoxin 0.125 mg daily.")).startswith("Digoxin 1.25 mg")
    assert one(magnitude("Creatinine was 1.2.")) == "Creatinine was 12."


def test_a_measured_number_keeps_its_look() -> None:
    assert one(number("EF of 45%.")) == "EF of 59%."
    assert one(number("Blood pressure 150/90 today.")) == "Blood pressure 105/90 today."


def test_a_unit_is_mistaken() -> None:
    assert one(unit("Levothyroxine 88 mcg daily.")) == "Levothyroxine 88 mg daily."


def test_a_length_of_time_changes_and_an_age_does_not() -> None:
    assert one(duration("Cough for 3 days.")) == "Cough for 7 days."
    assert one(time_unit("Cough for three days.")) == "Cough for three weeks."
    assert list(duration("A 50 year-old woman.")) == []
    assert list(duration("Ibuprofen every 6 hours.")) == []


def test_a_year_is_moved() -> None:
    assert one(date("Appendectomy in 2015.")) == "Appendectomy in 2018."


@pytest.mark.parametrize(
    ("error", "text", "wrong"),
    [
        ("negation_removed", "She denies any chest pain.", "She reports chest pain."),
        ("negation_removed", "There is no effusion.", "There is effusion."),
        ("negation_removed", "He walks without pain.", "He walks with pain."),
        ("negation_added", "She reports chest pain.", "She denies chest pain."),
        ("negation_added", "The lungs are clear.", "The lungs are not clear."),
        ("uncertainty_removed", "Evaluated for suspected esophagitis.", "Evaluated for esophagitis."),
        ("planned_as_done", "We will order an MRI.", "The patient has had an MRI."),
    ],
)
def test_an_assertion_is_turned(error: str, text: str, wrong: str) -> None:
    assert one(dict(ASSERTIONS)[error](text)) == wrong


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("negation_removed", "Return if the pain does not have an end."),
        ("negation_added", "There is no effusion and the lungs are clear."),
        ("uncertainty_removed", "Possible pneumonia, likely viral."),
        ("uncertainty_removed", "We discussed possible benefits."),
    ],
)
def test_an_assertion_is_left_where_the_change_might_be_true(error: str, text: str) -> None:
    assert list(dict(ASSERTIONS)[error](text)) == []


def test_sides_are_swapped_only_where_they_are_sides() -> None:
    assert one(swapped("side", "Pain in the left knee.")) == "Pain in the right knee."
    assert list(swapped("side", "She left the hospital.")) == []
    assert list(swapped("side", "Left knee worse than right knee.")) == []
    assert list(swapped("side", "No pain in the left knee.")) == []


def test_case_is_kept_when_words_are_swapped() -> None:
    assert one(swapped("severity", "Mild edema.")) == "Severe edema."
    assert "losartan 25 mg WEEKLY" in " ".join(swapped("frequency", "Takes losartan 25 mg DAILY."))


def test_daily_living_is_no_frequency() -> None:
    assert list(swapped("frequency", "Helped with activities of daily living.")) == []


def test_a_drug_becomes_one_that_looks_alike() -> None:
    assert one(drug_swapped("Hydralazine 25 mg TID.")) == "Hydroxyzine 25 mg TID."
    assert other_drugs("water") == ()


def test_no_drug_is_its_own_confusable() -> None:
    for name in ("hydralazine", "metformin", "tacrolimus", "lisinopril"):
        assert other_drugs(name)
        assert name not in other_drugs(name)


def test_a_new_number_that_the_source_has_is_not_called_wrong() -> None:
    case = next(c for c in load_cases() if c.id == "meds-02")
    true = TrueStatement("u", "written", "Furosemide 20 mg daily.", chart_of(case).evidence)
    wrong = {
        m.text for m in mutants_of(true, [("dose", "Furosemide 40 mg daily."), ("dose", "Furosemide 80 mg daily.")])
    }
    assert wrong == {"Furosemide 80 mg daily."}


def test_every_operator_leaves_a_plain_sentence_alone() -> None:
    assert list(errors_in("Discussed with the family.")) == []
    assert {name for name, _ in QUANTITIES} >= {"dose", "number", "unit"}
