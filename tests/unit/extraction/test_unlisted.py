"""Allergy lists whose items no lexicon knows, and what stands under their heading without being an allergy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.records import FactKind, Note
from extraction import extract_facts
from ingest.segmentation import segment


def facts(text: str, kind: FactKind) -> list[tuple[str, str, str]]:
    note = Note("n", "p", None, "", None, text)
    cut = segment(note, count_tokens=lambda s: len(s.split()), chunk_tokens=100)
    found = [f for f in extract_facts(note, cut.sentences) if f.kind is kind]
    return [(f.name, f.reaction, text[f.start : f.end]) for f in found if f.assertion.value == "present"]


def reactions(text: str) -> list[tuple[str, str]]:
    return [(name, reaction) for name, reaction, _ in facts(f"ALLERGIES: {text}", FactKind.ALLERGY)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Xyzalbumab (anaphylaxis)", [("xyzalbumab", "anaphylaxis")]),
        ("Zorbalin - went limp", [("zorbalin", "went limp")]),
        ("Zorbalin--hives", [("zorbalin", "hives")]),
        ("Zorbalin: itching", [("zorbalin", "itching")]),
        ("Zorbalin\thives\tmoderate", [("zorbalin", "hives")]),
        ("Zorbalin causes hives.", [("zorbalin", "causes hives")]),
        ("Zorbalin (no known reaction)", [("zorbalin", "no known reaction")]),
        ("Anaphylaxis to zorbalin", [("zorbalin", "Anaphylaxis")]),
        ("She is allergic to zorbalin and foobarin.", [("zorbalin", ""), ("foobarin", "")]),
        ("Drug: Zorbalin (hives); Food: durian", [("zorbalin", "hives"), ("durian", "")]),
        ("1. Zorbalin 2. Durian", [("zorbalin", ""), ("durian", "")]),
        ("Zorbalin (swelling of the lips), durian [rash] and jackfruit", [("zorbalin", "swelling of the lips"),
            ("durian", "rash"), ("jackfruit", "")]),
        ("Penicillin (hives), zorbalin, sulfa and durian",
            [("penicillin", "hives"), ("zorbalin", ""), ("sulfonamides", ""), ("durian", "")]),
        ("Zorbalin?, possible durian, red dye #40", [("zorbalin", ""), ("durian", ""), ("red dye #40", "")]),
        ("Zorbalin - hives, blotches on face, durian", [("zorbalin", "hives"), ("durian", "")]),
        ("Lactose intolerance", [("lactose", "")]),
        ("Flaxseed, bee sting", [("flaxseed", ""), ("bee stings", "")]),
        ("[x] Zorbalin", [("zorbalin", "")]),
    ],
)  # fmt: skip
def test_an_item_that_no_lexicon_knows_is_an_allergy_by_its_own_words(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert reactions(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Clinda (c diff)", [("clindamycin", "c diff")]),
        ("amox - tongue swelling", [("amoxicillin", "tongue swelling")]),
        ("PCN, cephs, cillins", [("penicillin", ""), ("cephalosporins", ""), ("penicillin", "")]),
        ("MRI dye, IV contrast", [("gadolinium", ""), ("iodinated contrast", "")]),
        ("tetanus toxoid", [("tetanus toxoid", "")]),
        ("Bactrim", [("sulfamethoxazole-trimethoprim", "")]),
    ],
)
def test_short_forms_of_practice_are_known(text: str, expected: list[tuple[str, str]]) -> None:
    assert reactions(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Reviewed with patient.",
        "See allergy tab",
        "Please see admission orders.",
        "none",
        "Unknown",
        "Unable to obtain",
        "Many; see list",
        "Reviewed by Dr. ___ on 3/4/2021",
        "Last updated by Jane Doe RN 3/4/2021",
        "___",
        "3/4/2021",
        "Patient is a poor historian, sedated, intubated",
        "I reviewed the list, everything seems right",
        "hives, itching",
        "Hypertension, COPD",
        "Alert, oriented",
        "Insurance: Aetna",
        "Flowsheet vitals: Blood pressure 130/73, heart rate 75, temperature 98.3, respirations 16, saturating 99%",
        "Temperature, respirations",
        "Well nourished, lungs equal bilaterally, sleeping",
        "Full code",
        "not allergic to zorbalin",
        "zorbalin: tolerated without reaction",
        "tolerates zorbalin",
        "Zorbalin 5 mg daily",
        "Reaction | Severity | Date",
    ],
)
def test_what_is_no_item_is_no_allergy(text: str) -> None:
    assert reactions(text) == []


def test_items_keep_their_place_and_a_lines_remark() -> None:
    text = "ALLERGIES:\n- Zorbalin (rash)\n- durian per daughter\n"
    assert [words for *_, words in facts(text, FactKind.ALLERGY)] == ["Zorbalin (rash)", "durian per daughter"]


def test_what_a_bracket_takes_back_is_only_the_item_before_it() -> None:
    assert reactions("Penicillin (hives), sulfa (entered in error)") == [("penicillin", "hives")]
    assert reactions("Zorbalin (hives), durian (entered in error)") == [("zorbalin", "hives")]
    assert reactions("Adhesive remover") == [("adhesive tape", "")]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Reports throat swelling with ibuprofen.", "ibuprofen"),
        ("Hives with amoxicillin.", "amoxicillin"),
        ("Tongue swelled after lisinopril.", "lisinopril"),
        ("Had angioedema to lisinopril.", "lisinopril"),
        ("Rash with IV vancomycin.", "vancomycin"),
    ],
)
def test_a_reaction_with_a_drug_is_an_allergy_and_no_medication(text: str, name: str) -> None:
    assert [found for found, *_ in facts(f"HPI: {text}", FactKind.ALLERGY)] == [name]
    assert facts(f"HPI: {text}", FactKind.DRUG) == []


@pytest.mark.parametrize(
    "text", ["Rash with hydrocortisone cream applied.", "Anaphylaxis with epinephrine given.", "No hives with amoxil."]
)
def test_a_remedy_or_a_denial_is_blamed_for_nothing(text: str) -> None:
    assert facts(f"HPI: {text}", FactKind.ALLERGY) == []


@pytest.mark.parametrize("heading", ["ALLERGIES", "HPI", "PLAN"])
def test_what_was_tolerated_without_a_reaction_is_neither_allergy_nor_medication(heading: str) -> None:
    text = f"{heading}: Penicillin: tolerated without reaction"
    assert facts(text, FactKind.ALLERGY) == facts(text, FactKind.DRUG) == []


def test_what_else_was_tolerated_clears_no_allergy() -> None:
    assert [n for n, _ in reactions("Penicillin (tolerated cephalexin)")] == ["penicillin"]
    assert [n for n, _ in reactions("Sulfa - tolerated Lasix without reaction")] == ["sulfonamides"]


@given(st.text(alphabet="aZ b(,)[]-–;:|\t.0123\n*?", max_size=120))
def test_any_list_is_read_and_every_fact_lies_within_it(text: str) -> None:
    for name, _, words in facts(f"ALLERGIES: {text}", FactKind.ALLERGY):
        assert name and words.strip()
