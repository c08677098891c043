import pytest

from chains.evidence import Evidence
from chains.verification import Claim, Verifier, first_refusal
from core.records import Citation, SectionKind


def evidence(sentence: str, *, kind: SectionKind = SectionKind.HOSPITAL_COURSE, heading: str = "COURSE") -> Evidence:
    citation = Citation("n1", "Discharge summary", "2021-02-08T10:00:00", heading, 0, len(sentence), sentence)
    return Evidence("E1", citation, kind, sentence)


def refusal(text: str, sentence: str, **where: object) -> str | None:
    found = Verifier(policy="close").first_refusal(Claim(text, (evidence(sentence, **where),)))
    return found.code if found else None


FAITHFUL = [
    ("Lisinopril was increased to 20 mg daily.", "Lisinopril was increased to 20mg PO qd."),
    ("The patient takes metformin 500 mg twice daily.", "Continue metformin 500 mg BID."),
    ("She denies chest pain.", "She denies chest pain or palpitations."),
    ("The patient's mother had breast cancer.", "Mother had breast cancer at 60."),
    ("Possible pneumonia was seen.", "Possible pneumonia was seen on the film."),
    ("On 2021-02-08 creatinine was 1.5 mg/dL.", "Creatinine 1.5 mg/dL."),
    ("Hypertension is controlled.", "HTN controlled."),
    ("Warfarin was stopped because of bleeding.", "Warfarin was stopped because of gastrointestinal bleeding."),
    ("Ejection fraction was 0.5.", "Ejection fraction was .5"),
    ("Follow up in two weeks.", "Follow up in 2 weeks with cardiology."),
]
UNFAITHFUL = [
    ("Lisinopril was increased to 40 mg daily.", "Lisinopril was increased to 20 mg daily.", {"number", "dose"}),
    ("Lisinopril was increased to 20 mcg daily.", "Lisinopril was increased to 20 mg daily.", {"number", "dose"}),
    ("Metformin 500 mg three times daily.", "Metformin 500 mg BID.", {"number", "frequency"}),
    ("Metformin 20 mg and lisinopril 500 mg.", "Metformin 500 mg and lisinopril 20 mg.", {"dose"}),
    ("She has chest pain.", "She denies chest pain.", {"negation"}),
    ("She denies chest pain.", "She has chest pain at rest.", {"negation"}),
    ("She had breast cancer.", "Mother had breast cancer.", {"subject"}),
    ("Pneumonia was seen.", "Possible pneumonia was seen.", {"uncertainty"}),
    ("On 2021-03-08 creatinine was 1.5 mg/dL.", "Creatinine 1.5 mg/dL.", {"date"}),
    ("Takes warfarin for atrial fibrillation.", "Takes apixaban for atrial fibrillation.", {"unsupported_drug"}),
    ("Heart failure is stable.", "Hypertension is stable.", {"unsupported_problem"}),
    ("She lives alone with two cats and works as a teacher.", "She lives alone.", {"number", "unsupported_content"}),
    ("Weight 80.", "Weight 80 kg.", {"number"}),
    ("Upper endoscopy is to be done.", "Upper endoscopy showed an ulcer.", {"modality"}),
    ("Creatinine was 4.1.", "Creatinine 1.2, potassium 4.1.", {"result"}),
    (
        "Takes mycophenolate 250 mg daily, prednisone 5 mg daily.",
        "Mycophenolate 250 mg BID, prednisone 5 mg daily.",
        {"frequency"},
    ),
    ("Ascites and ascites.", "Moderate ascites.", {"repetition"}),
    ("Ascites.", "Cirrhotic liver with a patent portal vein, gallstones and moderate ascites.", {"too_little"}),
    (
        "Sent to the emergency department with a chest film.",
        "Chest film: opacity of the lung.",
        {"unsupported_content", "unsupported_term"},
    ),
    (
        "Was given influenza, split virus, today.",
        "Was given immunizations: influenza, split virus, today.",
        {"unsupported_problem"},
    ),
    ("She lives alone.", "Lives alone.", {"gender"}),
    ("Her mother had breast cancer.", "Mother had breast cancer at 60.", {"gender"}),
    ("He lives alone with his wife.", "She lives alone with her wife.", {"gender"}),
    ("", "She lives alone.", {"not_a_statement"}),
    ("As an AI I rewrite the lines.", "She lives alone.", {"not_a_statement"}),
]


@pytest.mark.parametrize(("text", "sentence"), FAITHFUL)
def test_a_faithful_rewriting_passes(text: str, sentence: str) -> None:
    assert refusal(text, sentence) is None


@pytest.mark.parametrize(("text", "sentence", "codes"), UNFAITHFUL)
def test_a_changed_fact_is_refused_for_its_reason(text: str, sentence: str, codes: set[str]) -> None:
    assert refusal(text, sentence) in codes


def test_a_relative_s_illness_is_known_by_its_section_too() -> None:
    where = {"kind": SectionKind.FAMILY_HISTORY, "heading": "FAMILY HISTORY"}
    assert refusal("The patient has breast cancer.", "Breast cancer at 60.", **where) == "subject"


def test_a_quote_cut_out_of_its_negation_is_refused() -> None:
    sentence = "She denies chest pain."
    citation = Citation("n1", "Progress note", "2021-02-08", "HPI", 11, 21, "chest pain")
    quote = Evidence("E1", citation, SectionKind.HISTORY_OF_PRESENT_ILLNESS, sentence)
    found = first_refusal(Claim("chest pain", (quote,)))
    assert found is not None
    assert found.code == "negation"


@pytest.mark.parametrize(
    "sentence", ["Denies chest pain.", "Mother had breast cancer.", "No known drug allergies.", "?PE"]
)
def test_a_whole_sentence_may_always_be_quoted(sentence: str) -> None:
    assert refusal(sentence, sentence) is None
