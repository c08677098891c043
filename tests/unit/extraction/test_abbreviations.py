"""Short forms are read in the company they stand in."""

import pytest

from extraction.problems import find_problems


@pytest.mark.parametrize(
    "text",
    [
        "Sat 99%/RA", "O2 sat 99% /RA, afebrile", "O2 98% RA.", "Comfortable on RA.", "SpO2 97% (RA)",
        "94% on RA at rest", "RA sat 95%", "RA", "dilated RA and RV", "O2: RA", "RA pressure of 8",
        "gave MS 4 mg", "MS changes overnight", "trace MS and MR", "normal PE today", "PE tubes in both ears",
        "gtts AS", "AF, VSS", "AC 500 VT", "VT 450 on the vent", "Lansing, MI 48911", "Robitussin DM",
        "500 MG CAP", "seen at UC yesterday", "UC grew nothing", "Will ADD to list",
    ],
)  # fmt: skip
def test_a_short_form_in_other_company_is_no_disease(text: str) -> None:
    assert find_problems(text) == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("She has RA on methotrexate.", "rheumatoid arthritis"),
        ("HTN and RA.", "rheumatoid arthritis"),
        ("PMH: RA, HTN", "rheumatoid arthritis"),
        ("MS on ocrelizumab, stable.", "multiple sclerosis"),
        ("Found to have PE, on heparin.", "pulmonary embolism"),
        ("AS: severe, planned for surgery.", "aortic stenosis"),
        ("AF with RVR.", "atrial fibrillation"),
        ("HTN, MI in 2140.", "myocardial infarction"),
        ("DM: well controlled.", "diabetes"),
        ("Due to UC flare.", "ulcerative colitis"),
    ],
)
def test_it_is_the_disease_where_nothing_speaks_against_it(text: str, name: str) -> None:
    assert name in {p.name for p in find_problems(text)}
