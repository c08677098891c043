"""Statements that say something else than their line, by the kinds of error that clinicians fear."""

import csv
from pathlib import Path

import pytest

from chains.evidence import Evidence
from chains.verification import CHECKS, Claim, Verifier, first_refusal, refusals, without
from core.records import Citation, SectionKind

ROWS = (Path(__file__).parent / "errors.tsv").read_text("utf-8").splitlines()[1:]
ERRORS = list(csv.reader(ROWS, delimiter="\t", quoting=csv.QUOTE_NONE))
# The check that must refuse, the code it gives, a line, a statement that has this error and no other.
BY_CHECK = [
    ("numbers", "number", "Creatinine 1.8 today.", "Creatinine was 1.3 today."),
    ("numbers", "number", "BNP 1785 pg/mL, about the same as before (1781).",
     "The BNP was 1781 pg/mL, about the same as before (1781)."),
    ("grades", "grade", "CKD stage 3.", "Chronic kidney disease stage 4."),
    ("bounds", "comparator", "Troponin < 0.01.", "Troponin was 0.01."),
    ("dates", "date", "Seen on 3/14/2021.", "Seen on 3/24/2021."),
    ("times", "date", "Fell yesterday.", "The patient fell today."),
    ("spans", "date", "Seen again in 2 weeks.", "Seen again 2 weeks ago."),
    ("doses", "dose", "Lisinopril 10 mg, amlodipine 5 mg.", "Lisinopril 5 mg, amlodipine 10 mg."),
    ("doses", "frequency", "Methotrexate 15 mg weekly.", "Methotrexate 15 mg daily."),
    ("doses", "route", "Vancomycin 1 g IV.", "Vancomycin 1 g by mouth."),
    ("results", "result", "Creatinine 1.2, potassium 4.1.", "Creatinine was 4.1."),
    ("reactions", "reaction", "Allergies: penicillin (hives), codeine (nausea).",
     "Allergies: penicillin (nausea), codeine (hives)."),
    ("lists", "frequency", "Apixaban 5 mg BID, atorvastatin 80 mg QPM.",
     "Takes atorvastatin 80 mg and apixaban 5 mg twice daily."),
    ("measures", "unsupported_measure", "Sodium 138.", "Chloride was 138."),
    ("exchange", "exchanged", "Follow up with cardiology in 2 weeks; repeat BMP in one week.",
     "Follow up with cardiology in one week; repeat BMP in 2 weeks."),
    ("exchange", "exchanged", "Pain 8/10, with relief to 3/10.", "Pain 3/10, with relief to 8/10."),
    ("exchange", "exchanged", "Mother had a stroke at 52; father has gout.", "The father had a stroke at 52."),
    ("changes", "action", "Norepinephrine weaned from 0.12 to 0.04.", "Norepinephrine was weaned off."),
    ("changes", "action", "PSA 2.4, off ADT.", "PSA was 2.4 on ADT."),
    ("presence", "stopped_as_current", "Chest tube removed, tolerated well.", "The chest tube remains in place."),
    ("presence", "stopped_as_current", "Off lithium since spring.", "The patient takes lithium."),
    ("conditions", "omitted_condition", "Hold lisinopril if SBP < 100.", "Lisinopril is to be held."),
    ("conditions", "omitted_condition", "Sumatriptan 50 mg, may repeat x1, avoid if chest pain.",
     "Sumatriptan is to be avoided."),
    ("conditions", "omitted_condition", "Would transfuse for Hgb < 7.", "Would transfuse."),
    ("twins", "twin_word", "Gout, on allopurinol.", "Pseudogout, on allopurinol."),
    ("twins", "twin_word", "Occlusive thrombus.", "Nonocclusive thrombus."),
    ("courses", "trend", "PSA 0.2 -> 0.9 -> 2.4.", "PSA fell from 2.4 to 0.2."),
    ("courses", "trend", "AAA 4.6 cm (4.4 in 2138).", "AAA has gone from 4.6 to 4.4 cm."),
    ("levels", "site", "Shingles at T6.", "Shingles at T10."),
    ("causes", "cause", "The rash was more likely viral than related to allopurinol.",
     "The rash was caused by allopurinol."),
    ("causes", "cause", "Diarrhea started 2 days after clindamycin.", "Clindamycin caused diarrhea."),
    ("causes", "cause", "Confusion due to sepsis.", "Sepsis due to confusion."),
    ("results", "result", "HR 58, RR 14.", "Respiratory rate 58, heart rate 14."),
    ("exchange", "exchanged", "VA 20/40 OD, 20/25 OS.", "Visual acuity was 20/40 in the left eye."),
    ("words", "unsupported_word", "Fell at home.", "Fell at home from a trampoline."),
    ("names", "unsupported_drug", "Takes warfarin.", "Takes apixaban."),
    ("names", "unsupported_problem", "History of gout.", "History of lupus."),
    ("terms", "unsupported_term", "Underwent colonoscopy.", "Underwent bronchoscopy."),
    ("new_names", "unsupported_term", "Seen by Dr. Patel.", "Seen by Dr. Gomez."),
    ("people", "subject", "Wife reports he snores.", "His daughter reports he snores."),
    ("sides", "laterality", "Left hip pain.", "Right hip pain."),
    ("sides", "laterality", "Left knee pain and right hip pain.", "Right knee pain and left hip pain."),
    ("sites", "site", "Rash on the arms.", "Rash on the legs."),
    ("qualifiers", "severity", "Mild aortic stenosis.", "Severe aortic stenosis."),
    ("qualifiers", "severity", "Mild mitral regurgitation and severe aortic stenosis.",
     "Severe mitral regurgitation and mild aortic stenosis."),
    ("trends", "trend", "A1c went from 7.1 to 8.2.", "A1c went from 8.2 to 7.1."),
    ("contrasts", "trend", "Pain has improved.", "Pain has worsened."),
    ("contrasts", "contradiction", "Take before meals.", "Take after meals."),
    ("assertion", "negation", "Denies chest pain.", "The patient has chest pain."),
    ("assertion", "subject", "Mother had breast cancer.", "The patient had breast cancer."),
    ("assertion", "uncertainty", "Possible pneumonia.", "The patient has pneumonia."),
    ("temporality", "temporality", "Pneumonia has resolved.", "The patient has pneumonia."),
    ("actions", "action", "Lisinopril was stopped.", "The patient takes lisinopril."),
    ("code_status", "code_status", "Full code.", "The patient is DNR."),
    ("modality", "modality", "MRI showed a tear.", "An MRI will be obtained for a tear."),
    ("deeds", "modality", "Crutches will be provided.", "Crutches were provided."),
    ("causes", "cause", "Has anemia and chronic kidney disease.", "Has anemia due to chronic kidney disease."),
    ("gender", "gender", "She lives alone.", "He lives alone."),
    ("moments", "moment", "INR 4.8 -> 2.1.", "INR is 4.8."),
    ("moments", "moment", "Creatinine 2.4 (baseline 1.1).", "Creatinine is at its baseline of 2.4."),
    ("moments", "moment", "Lactate 5.1 on arrival, 1.2 at discharge.", "Lactate was 5.1 at discharge."),
    ("amounts", "change_as_value", "Weight down 4 kg.", "The patient weighs 4 kg."),
    ("formulations", "formulation", "Metoprolol succinate 50 mg.", "Metoprolol tartrate 50 mg."),
    ("side_values", "laterality", "Right kidney 11 cm, left kidney 9 cm.", "The right kidney is 9 cm."),
    ("allergens", "reaction", "Anaphylaxis to peanuts, mild rash with amoxicillin.", "Anaphylaxis to amoxicillin."),
    ("tolerance", "contradiction", "Allergic to penicillin; tolerates cephalexin.", "Tolerates penicillin."),
    ("undone", "modality", "Consent for left nephrectomy obtained.", "Left nephrectomy was performed."),
    ("not_taken", "stopped_as_current", "Apixaban 5 mg BID (not filled).", "Takes apixaban 5 mg twice daily."),
    ("limits", "omitted_condition", "Home oxygen 2 L at night only.", "Is on home oxygen 2 L."),
    ("harm", "cause", "Clindamycin caused C diff.", "C diff was treated with clindamycin."),
    ("screens", "negation", "Pregnancy test negative.", "The patient is pregnant."),
    ("content", "unsupported_content", "Abdomen soft.", "The patient works as a teacher."),
]  # fmt: skip


def evidence(sentence: str) -> Evidence:
    citation = Citation("n1", "Progress note", "2021-02-11T10:00:00", "", 0, len(sentence), sentence)
    return Evidence("E1", citation, SectionKind.OTHER, sentence)


@pytest.mark.parametrize(("kind", "line", "statement"), ERRORS)
def test_a_wrong_statement_is_refused(kind: str, line: str, statement: str) -> None:
    assert first_refusal(Claim(statement, (evidence(line),), gender="man")) is not None, kind


@pytest.mark.parametrize(("check", "code", "line", "statement"), BY_CHECK)
def test_each_check_refuses_what_it_is_for(check: str, code: str, line: str, statement: str) -> None:
    refusal = CHECKS[check](Claim(statement, (evidence(line),)))
    assert refusal is not None
    assert refusal.code == code


def test_a_check_can_be_switched_off_by_its_name() -> None:
    wrong = Claim("Three polyps were removed.", (evidence("Two polyps were removed."),))
    assert "number" in {r.code for r in refusals(wrong)}
    assert Verifier(checks=without("numbers")).first_refusal(wrong) is None


def test_a_name_that_is_no_check_s_is_refused() -> None:
    with pytest.raises(KeyError, match="no check"):
        without("numerals")


class Doubting:
    """An entailment model that believes nothing."""

    def probability(self, premise: str, hypothesis: str) -> float:
        return 0.0


def test_a_model_of_entailment_is_asked_of_paraphrases_alone() -> None:
    verifier = Verifier(entailment=Doubting())
    paraphrase = Claim("Jogging was followed by knee pain.", (evidence("Knee pain after jogs, running."),))
    copied = Claim("There is knee pain.", (evidence("Knee pain."),))
    assert {r.code for r in verifier.refusals(paraphrase)} == {"not_entailed"}
    assert verifier.first_refusal(copied) is None
