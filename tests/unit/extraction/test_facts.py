"""Facts of whole notes: what is said of which drug, allergy, problem, result, status and device."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.records import Fact, FactKind, Note
from extraction import extract_facts
from extraction.drugs import find_drugs
from extraction.problems import find_problems
from ingest.segmentation import segment


def facts(text: str, *kinds: FactKind) -> tuple[Fact, ...]:
    note = Note("n", "p", None, "", None, text)
    cut = segment(note, count_tokens=lambda s: len(s.split()), chunk_tokens=100)
    found = extract_facts(note, cut.sentences)
    for fact in found:
        sentence = cut.sentences[fact.sentence]
        assert sentence.start <= fact.start < fact.end <= sentence.end
    return tuple(f for f in found if not kinds or f.kind in kinds)


def drugs(text: str) -> list[tuple[str, str, str, str]]:
    return [(f.name, f.action.value, f.dose, f.frequency) for f in facts(text, FactKind.DRUG)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "We will increase her lisinopril to 40 mg daily and initiate Lasix 20 mg daily.",
            [("lisinopril", "changed", "40 mg", "daily"), ("furosemide", "started", "20 mg", "daily")],
        ),
        ("Metoprolol was increased from 25 mg to 50 mg BID.", [("metoprolol", "changed", "50 mg", "BID")]),
        (
            "Lisinopril and metformin were stopped due to AKI.",
            [("lisinopril", "stopped", "", ""), ("metformin", "stopped", "", "")],
        ),
        (
            "Warfarin was held and heparin gtt started.",
            [("warfarin", "held", "", ""), ("heparin", "started", "", "")],
        ),
        (
            "Switched from lisinopril to losartan 50 mg daily.",
            [("lisinopril", "stopped", "", ""), ("losartan", "started", "50 mg", "daily")],
        ),
        ("She is no longer taking aspirin.", [("aspirin", "stopped", "", "")]),
        ("Losartan raised 50 mg to 100 mg once daily.", [("losartan", "changed", "100 mg", "once daily")]),
        ("Furosemide 40 mg >> 20 mg every day", [("furosemide", "changed", "20 mg", "every day")]),
        ("Up-titrate losartan: was 25 mg, now 50 mg daily.", [("losartan", "changed", "50 mg", "daily")]),
        ("We have taken her off amlodipine 5 mg.", [("amlodipine", "stopped", "5 mg", "")]),
        (
            "Disregard apixaban 2.5 mg; takes apixaban 5 mg.",
            [
                ("apixaban", "corrected", "2.5 mg", ""),
                ("apixaban", "", "5 mg", ""),
            ],
        ),
        ("Continue Protonix 40mg po qd", [("pantoprazole", "continued", "40mg", "qd")]),
        ("furosemide (Lasix) 40 mg by mouth twice a day", [("furosemide", "", "40 mg", "twice a day")]),
        ("40 mg of simvastatin", [("simvastatin", "", "40 mg", "")]),
        ("Percocet 5-325 mg 1-2 tabs PO Q6H PRN pain", [("oxycodone-acetaminophen", "", "5-325 mg", "Q6H PRN")]),
        ("coumadin 5 daily", [("warfarin", "", "5", "daily")]),
        ("Amoxicillin 500 mg TID for 10 days", [("amoxicillin", "", "500 mg", "TID for 10 days")]),
        ("Digoxin level 1.2. Vancomycin trough 15. Nicotine dependence.", []),
        ("Potassium 3.9. Potassium 20 mEq daily.", [("potassium chloride", "", "20 mEq", "daily")]),
        ("Glucose 98, cortisol 12, iron 40, and luminal narrowing.", []),
    ],
)
def test_drugs_carry_their_own_doses_and_verbs(text: str, expected: list[tuple[str, str, str, str]]) -> None:
    assert drugs(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Lasix 40 IV x1", "500 mL NS bolus given in the ED", "She received ceftriaxone in the ED.",
        "Flu shot given today.",
        "Took a course of amoxicillin.", "Medications given in ED:\nmorphine 4 mg",
    ],
)  # fmt: skip
def test_what_was_given_once_is_not_being_taken(text: str) -> None:
    assert [f.assertion.value for f in facts(text, FactKind.DRUG)] == ["historical"]


@pytest.mark.parametrize(
    ("text", "assertion"),
    [
        ("She is not on aspirin.", "negated"),
        ("Consider starting apixaban.", "hypothetical"),
        ("If positive, I will prescribe amoxicillin.", "hypothetical"),
        ("Her mother takes metformin.", "family"),
        ("On heparin for DVT prophylaxis.", "present"),
    ],
)
def test_drugs_are_asserted_as_the_sentence_says(text: str, assertion: str) -> None:
    assert [f.assertion.value for f in facts(text, FactKind.DRUG)] == [assertion]


def allergies(text: str) -> list[tuple[str, str, str]]:
    return [(f.name, f.assertion.value, f.reaction) for f in facts(text, FactKind.ALLERGY)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Allergies: Penicillin (hives), sulfa - rash and itching; codeine",
            [
                ("penicillin", "present", "hives"),
                ("sulfonamides", "present", "rash and itching"),
                ("codeine", "present", ""),
            ],
        ),
        ("ALLERGIES:\nNKDA", [("none", "negated", "")]),
        ("Allergies\n\nNone.", [("none", "negated", "")]),
        ("No known drug allergies.", [("none", "negated", "")]),
        ("No Known Allergies / Adverse Drug Reactions", [("none", "negated", "")]),
        ("The patient denies any drug allergies.", [("none", "negated", "")]),
        ("Anaphylaxis to shellfish in 2010.", [("shellfish", "present", "Anaphylaxis")]),
        ("PCN allergy.", [("penicillin", "present", "")]),
        (
            "She is allergic to penicillin and sulfa drugs.",
            [("penicillin", "present", ""), ("sulfonamides", "present", "")],
        ),
        ("Penicillin allergy was removed after testing.", [("penicillin", "negated", "")]),
        ("She tolerates penicillin.", []),
        ("Allergies/ADRs: Latex, reaction itching", [("latex", "present", "itching")]),
        ("Allergies:\n- Spironolactone 200 mg is off (hyperkalemia).", []),
        ("Allergy band on: morphine.", [("morphine", "present", "")]),
        ("Seasonal allergies.", []),
        ("No known food allergies.", []),
        ("Nasal congestion from allergies.", []),
    ],
)  # fmt: skip
def test_allergies_are_told_from_tolerance_and_from_none(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert allergies(text) == expected


def problems(text: str) -> list[tuple[str, str, str]]:
    return [(f.name, f.assertion.value, f.action.value) for f in facts(text, FactKind.PROBLEM)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "PMH: HTN, DM2, h/o CVA 2015",
            [("hypertension", "present", ""), ("type 2 diabetes", "present", ""), ("stroke", "historical", "")],
        ),
        ("AKI resolved.", [("acute kidney injury", "historical", "resolved")]),
        ("Possible pneumonia.", [("pneumonia", "possible", "")]),
        ("A prior note states COPD. This is incorrect.", [("copd", "negated", "corrected")]),
        (
            "Prior depression, treated. 98% on RA. Gout flare, resolved.",
            [
                ("depression", "historical", ""),
                ("gout", "present", ""),
            ],
        ),
        ("Denies weight loss, need for sleep, or DVT.", [("deep vein thrombosis", "negated", "")]),
        ("Denies PE or DVT.", [("pulmonary embolism", "negated", ""), ("deep vein thrombosis", "negated", "")]),
        ("Family History:\nMother: stroke", [("stroke", "family", "")]),
        ("Flu shot and hearing aids, as well; fall risk.", []),
        ("pe: alert, ms: oriented", []),
        ("Found to have sialadenitis.", [("sialadenitis", "present", "")]),
    ],
)
def test_problems_are_named_canonically_and_asserted(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert problems(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cr 1.8, A1c of 8.2%", [("creatinine", "1.8", ""), ("a1c", "8.2", "%")]),
        ("Hgb: 9.1 g/dL", [("hemoglobin", "9.1", "g/dL")]),
        ("BP 120/80", [("blood pressure", "120/80", "")]),
        ("EF 35-40%", [("ejection fraction", "35-40", "%")]),
        ("Sodium   140   mmol/L   135-145", [("sodium", "140", "mmol/L")]),
        ("WBC-5.0# Hgb-14.3", [("white blood cells", "5.0", ""), ("hemoglobin", "14.3", "")]),
        ("Creatinine rose from 1.2 to 2.4 mg/dL.", [("creatinine", "2.4", "mg/dL")]),
        ("Hgb 7.2 -> 8.5", [("hemoglobin", "8.5", "")]),
        ("Troponin <0.01", [("troponin", "<0.01", "")]),
        ("Hemoglobin A1c on 3/4/2021 was 7.1", [("a1c", "7.1", "")]),
        ("K goal > 4. A1c goal < 7. Magnesium 400 mg daily.", []),
    ],
)
def test_results_carry_value_and_unit(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(f.name, f.value, f.unit) for f in facts(text, FactKind.RESULT)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Code status: DNR/DNI", [("dnr/dni", "present")]),
        ("Full code.", [("full code", "present")]),
        ("Was full code, now changed to DNR.", [("full code", "historical"), ("dnr", "present")]),
        ("She is no longer DNR.", [("dnr", "negated")]),
        ("PICC line placed.", [("picc", "present")]),
        ("No pacemaker.", [("pacemaker", "negated")]),
        ("ICD-10 code I10.", []),
    ],
)
def test_code_status_and_devices(text: str, expected: list[tuple[str, str]]) -> None:
    found = facts(text, FactKind.CODE_STATUS, FactKind.DEVICE)
    assert [(f.name, f.assertion.value) for f in found] == expected


def test_a_removed_line_is_stopped() -> None:
    assert [f.action.value for f in facts("Foley removed.", FactKind.DEVICE)] == ["stopped"]


WORDS = [
    "lisinopril",
    "10 mg",
    "daily",
    "no",
    "HTN",
    "allergic to",
    "penicillin",
    "stopped",
    "\n",
    ";",
    "K 3.4",
    "DNR",
    "mother",
    "🩺",
    "e\u0301",
    "(",
    ")",
    "\u2028",
]


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=30).map(" ".join))
@settings(max_examples=150, deadline=None)
def test_facts_lie_within_their_sentences_whatever_the_text(text: str) -> None:
    facts(text)


@pytest.mark.parametrize(
    "unit",
    [
        "no ",
        "10 mg ",
        "from 1 to ",
        "lisinopril ",
        "allergic to ",
        "K 1 ",
        "( ",
        "....",
        "\n",
        "was ",
        "every ",
        "1-",
        "aspirin, ",
    ],
)
def test_long_texts_take_linear_time(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    begin = time.process_time()
    facts(text)
    find_drugs(text)
    find_problems(text)
    assert time.process_time() - begin < 4


def test_half_of_a_quotient_is_not_the_result_of_its_name() -> None:
    assert [f.name for f in facts("BLOOD Prot/Cr-0.2", FactKind.RESULT)] == ["urine protein creatinine ratio"]
    assert not facts("BLOOD Alb/Cr-0.2", FactKind.RESULT)
    assert [f.value for f in facts("Creatinine 0.8", FactKind.RESULT)] == ["0.8"]


def test_two_orders_in_one_breath_are_one_code_status() -> None:
    (status,) = facts("Code: do not resuscitate, do not intubate", FactKind.CODE_STATUS)
    assert status.name == "dnr/dni"


@pytest.mark.parametrize(
    ("text", "frequency"),
    [
        ("Prescribed senna 8.6 mg twice daily to complete 10 days.", "twice daily to complete 10 days"),
        (
            "Start oxycodone 5 mg every 6 hours as needed for pain for 7 days.",
            "every 6 hours as needed for pain for 7 days",
        ),
        (
            "Nitroglycerin 0.4 mg every 5 minutes up to three doses as needed.",
            "every 5 minutes up to three doses as needed",
        ),
        ("Prednisone 40 mg daily for a week then 20 mg twice daily.", "daily"),
    ],
)
def test_a_frequency_holds_its_course_and_what_it_is_needed_for(text: str, frequency: str) -> None:
    assert [f.frequency for f in facts(text, FactKind.DRUG)] == [frequency]


def test_a_lesion_that_was_operated_on_is_past() -> None:
    assert problems("s/p upper endoscopy with clipping of a duodenal ulcer")[0][1] == "historical"
    assert problems("Started pantoprazole because of a duodenal ulcer.")[0][1] == "present"


def test_a_deficiency_is_not_a_supplement() -> None:
    assert not facts("Seen for vit D def and hypertension.", FactKind.DRUG)


def test_when_a_test_is_due_is_not_its_result() -> None:
    assert not facts("Repeat hemoglobin A1c in 4 months.", FactKind.RESULT)


@pytest.mark.parametrize(
    "text",
    [
        "PLAN:\nPatient was given the following immunizations: influenza, split virus.",
        "PLAN:\nReceived influenza vaccine today.",
        "IMMUNIZATIONS:\nHepatitis B, 2019",
    ],
)
def test_what_a_vaccine_is_against_is_no_problem(text: str) -> None:
    assert not facts(text, FactKind.PROBLEM)


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Medications:\nNo Active Medications.", True),
        ("MEDICATIONS:\nNone", True),
        ("HPI:\nHe is not taking any medications.", True),
        ("Allergies:\nNo known medication allergies.", False),
        ("ALLERGIES:\nNone", False),
        ("PLAN:\nNo medication changes.", False),
        ("PLAN:\nNo medications were given.", False),
    ],
)
def test_a_chart_that_says_that_no_drugs_are_taken_is_heard(text: str, stated: bool) -> None:
    found = [f for f in facts(text, FactKind.DRUG) if f.name == "none"]
    assert bool(found) is stated
