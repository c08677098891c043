"""Equal doses and frequencies have one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extraction.dosing import canonical_dose, canonical_frequency, canonical_number


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("40mg", "40 mg"), ("40 mg", "40 mg"), ("0.04 g", "40 mg"), (".5 mg", "0.5 mg"), ("1,000 units", "1000 units"),
        ("25 mcg", "0.025 mg"), ("25 µg", "0.025 mg"), ("5-325 mg", "5-325 mg"), ("10 mg/kg", "10 mg/kg"),
        ("2 Tabs", "2 tablets"), ("500 mg/5 mL", "500 mg/5ml"), ("40", "40"), ("a lot", ""),
    ],
)  # fmt: skip
def test_equal_doses_have_one_form(written: str, canonical: str) -> None:
    assert canonical_dose(written) == canonical


@pytest.mark.parametrize(
    ("canonical", "written"),
    [
        ("twice daily", ["BID", "b.i.d.", "2x/day", "twice a day", "two times daily", "twice per day"]),
        ("daily", ["qd", "q.d.", "once daily", "every day", "DAILY", "once a day", "qday"]),
        ("every 6 hours as needed", ["q6h prn", "Q6H PRN", "every 6 hours as needed", "prn q6h"]),
        ("nightly", ["qhs", "at bedtime", "every night", "daily at bedtime", "once at night"]),
        ("every other day", ["QOD", "every other day"]),
        ("every 4-6 hours", ["q4-6h", "every 4 to 6 hours"]),
        ("weekly", ["once weekly", "once a week", "every week"]),
        ("once", ["x1", "once", "one time"]),
        ("", ["with water", "status", "2 days"]),
    ],
)  # fmt: skip
def test_equal_frequencies_have_one_form(canonical: str, written: list[str]) -> None:
    assert {canonical_frequency(w) for w in written} == {canonical}


@given(st.decimals(min_value=0, max_value=99999, places=3, allow_nan=False, allow_infinity=False))
def test_a_number_and_its_own_spelling_are_equal(value: object) -> None:
    once = canonical_number(f"{value}")
    assert canonical_number(once) == once
    assert float(once) == float(str(value))
