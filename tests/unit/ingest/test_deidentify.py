"""Identifiers in made-up notes, and what must not be taken for one."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.records import Note
from ingest.deidentify import Deidentifier, IdentifierKind, PatternDetector, mask
from ingest.deidentify.measure import measure_phi

DETECTOR = PatternDetector()


def masked(text: str) -> str:
    return mask(text, DETECTOR.detect(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Seen by Dr. Okonkwo today.", "Seen by Dr. [NAME] today."),
        ("Referred by Dr.\nOkonkwo for review", "Referred by Dr.\n[NAME] for review"),
        ("Mrs. de la Cruz rests", "Mrs. [NAME] rests"),
        ("Mr. Juan de la Cruz-Peña said", "Mr. [NAME] said"),
        ("Spoke with DR. SMITH.", "Spoke with DR. [NAME]."),
        ("dr. okonkwo agrees", "dr. [NAME] agrees"),
        ("Nurse Okonkwo and Prof. Ortiz agree", "Nurse [NAME] and Prof. [NAME] agree"),
        ("Patient: SMITH, JOHN A  DOB: 03/14/1950", "Patient: [NAME]  DOB: [BIRTH DATE]"),
        ("Electronically signed by Ann Ng, MD", "Electronically signed by [NAME], MD"),
        ("Ann B. Ng, RN, gave report", "[NAME], RN, gave report"),
        ("Lena Ortiz is a 57-year-old woman", "[NAME] is a 57-year-old woman"),
        ("Her daughter Maria was at the bedside", "Her daughter [NAME] was at the bedside"),
        ("call 559-555-0142 or (559) 555-0142", "call [PHONE] or [PHONE]"),
        ("pager 555-0142", "pager [PHONE]"),
        ("+44 20 7946 0958", "[PHONE]"),
        ("SSN 402-19-8877", "SSN [SSN]"),
        ("filed under mrn 2280 pending", "filed under mrn [MRN] pending"),
        ("MRN: A-1234567.", "MRN: [MRN]."),
        ("account # 66201488", "account # [ACCOUNT]"),
        ("Member ID: HPX-77-40921", "Member ID: [MEMBER]"),
        ("pacemaker serial number PX-88123", "pacemaker serial number [DEVICE]"),
        ("mail a.b+c@d-e.example.org now", "mail [EMAIL] now"),
        ("see https://x.example/p?id=1.", "see [URL]."),
        ("from 10.34.201.7", "from [IP]"),
        ("lives at 4417 Old Kettle Rd, Apt 3, Fresno, CA 93726", "lives at [PLACE], [PLACE], CA [PLACE]"),
        ("4417 Old Kettle Rd", "[PLACE]"),
        ("at 12 N. 5th St., Fresno, CA 93726", "at [PLACE], [PLACE], CA [PLACE]"),
        ("Address: 8 Elm Ct", "Address: [PLACE]"),
        ("born on March 4, 1950 in", "born on [BIRTH DATE] in"),
        ("94-year-old", "[AGE]-year-old"),
    ],
)
def test_masks_identifiers(text: str, expected: str) -> None:
    assert masked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Mr. ___ was seen by Dr. ___ on ___; MRN ___.",
        "Admitted 03/14/2024, discharged 2024-03-18, seen March 3, 2024.",
        "BP 120/80, HR 88, Na 138, K 4.1, WBC 12.3, Plt 250 000",
        "Lisinopril 40 mg daily. MS Contin 15 mg. MR angiogram. CT of the abdomen, PA and lateral chest film.",
        "The patient is a 57-year-old man. He is a 40 pack-year smoker. Age 57.",
        "Parkinson's disease, Graves disease, Foley catheter, Murphy sign negative.",
        "___ 07:40AM BLOOD WBC-7.4 Hgb-14.1 Plt Ct-187\n___ 01:10PM BLOOD WBC 12 Plt Ct, 4 Chest Tube Dr. ___",
        "Na 138 K 4.1 Cl 104 CO2 24 BUN 18 Cr 1.2 Glu 104",
        "Retired nurse. Nurse. Lives with her son. Seen by the doctor. Doctor. Walks daily.",
        "Mother: Diabetes. Father: Hypertension. Family History: Breast cancer in mother",
        "Case 3 of 5; group number two; trial of void; study showed 12345 cells",
        "Provider: ___\nName: ___\nAttending: ___",
        "DISCHARGE MEDICATIONS:\n1. Metformin 1000 mg twice daily\nDoctor's orders reviewed",
        "gave the patient Protonix",
        "He lives in Texas. She lives in assisted living.",
        "[NAME] (MRN [MRN]), Dr. [NAME], tel. [PHONE]",
    ],
)
def test_leaves_clinical_text_alone(text: str) -> None:
    assert masked(text) == text


def test_a_name_is_masked_wherever_it_comes_again() -> None:
    text = "Patient: Lena Ortiz-Vega\nOrtiz Vega was seen. LENA was tired. Lena's dose. Valencia lenalidomide."
    assert masked(text) == "Patient: [NAME]\n[NAME] was seen. [NAME] was tired. [NAME]'s dose. Valencia lenalidomide."


def test_a_name_that_is_also_a_word_or_a_disease_is_masked_as_a_name_alone() -> None:
    text = "Dr. White saw him. White cells normal. Dr. Wilson Graves called about Wilson disease and a white lesion."
    assert masked(text) == (
        "Dr. [NAME] saw him. White cells normal. Dr. [NAME] called about Wilson disease and a white lesion."
    )


@given(st.text(alphabet="Dr. MrSmithJones@0123456789-()/\n:MRNdob a,'’🩺é", max_size=400))
def test_ranges_are_ordered_apart_and_inside_the_text(text: str) -> None:
    position = 0
    for one in DETECTOR.detect(text):
        assert position <= one.start < one.end <= len(text)
        position = one.end


@pytest.mark.parametrize(
    "unit",
    [
        "A",
        "Aa ",
        "Aa-",
        "1",
        "1-",
        "1.",
        "a@a.",
        "(",
        "Dr. ",
        "MRN ",
        "mrn: 1-",
        "Aa, Bb ",
        "Patient: ",
        "555-",
        "http://",
        " is a ",
        "Name:\t",
        "1 Aa ",
        "lives in Aa ",
        "\n",
        "zip ",
        "ssn ",
    ],
)
@pytest.mark.timeout(20)
def test_hostile_text_is_got_through(unit: str) -> None:
    # Work that grows with the square of the length would take hours here.
    DETECTOR.detect(unit * (200_000 // len(unit)))


def note(text: str) -> Note:
    return Note("n", "p", None, "note", None, text)


def test_each_policy_does_what_it_says() -> None:
    dirty, clean = note("Seen by Dr. Okonkwo."), note("Seen today.")
    trusting, masking, strict = (Deidentifier(p, DETECTOR) for p in ("trust", "mask", "quarantine"))  # type: ignore[arg-type]
    assert trusting.apply(dirty) == dirty
    assert masking.apply(dirty) == note("Seen by Dr. [NAME].")
    assert strict.apply(dirty) is None
    assert all(d.apply(clean) == clean for d in (trusting, masking, strict))
    assert masking.counts == strict.counts == {IdentifierKind.NAME: 1}


def test_masking_twice_changes_nothing_more() -> None:
    once = masked("Patient: Lena Ortiz, MRN 448812, DOB 1950-03-14, lives in Fresno, call 559-555-0142. 94 yo. Dr. Ng.")
    assert masked(once) == once


def test_measures_precision_and_recall(tmp_path: Path) -> None:
    path = tmp_path / "phi.jsonl"
    gold = [{"value": "Okonkwo", "category": "name"}, {"value": "Bob", "category": "name"}]
    path.write_text(json.dumps({"text": "Dr. Okonkwo and Bob, MRN 1234, on 03/14/2024.", "phi": gold}) + "\n")
    tally, _ = measure_phi(path, DETECTOR)
    assert tally.figures()["recall"] == 0.5
    assert tally.figures()["precision"] == 0.5
    assert tally.missed == ["name: Bob"]
    assert tally.wrong == ["mrn: 1234"]


def test_finds_the_planted_identifiers_of_the_development_set(shared_data: Path) -> None:
    figures = measure_phi(shared_data / "phi" / "safeharbor_seed.jsonl", DETECTOR)[0].figures()
    assert figures["recall"] >= 0.95  # type: ignore[operator]
    assert figures["precision"] >= 0.95  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    [
        "[**Doctor Last Name **] saw him. Last dose given LAST night by Dr. [**Last Name (STitle) 123**].",
        "Name: [**Known lastname 1**], [**Known firstname 2**]  MRN [**Medical Record Number 4567**]",
        "prior study of [**2151-\n8-2**] by Dr. [**Last Name (STitle) **], [**Telephone/Fax (1) 4242**]",
        "at [**Hospital1 18**], [**PO Box 12**]",
    ],
)
def test_brackets_of_mimic_iii_stay_and_spoil_nothing_around_them(text: str) -> None:
    assert masked(text) == text


def test_what_stands_beside_a_bracket_is_masked_as_ever() -> None:
    assert masked("Dr. Okonkwo for [**Known lastname 1**], call 559-555-0142") == (
        "Dr. [NAME] for [**Known lastname 1**], call [PHONE]"
    )


def test_a_bracket_that_is_not_closed_hides_nothing() -> None:
    assert masked("[** Seen by Dr. Okonkwo today.") == "[** Seen by Dr. [NAME] today."
