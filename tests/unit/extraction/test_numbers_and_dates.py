"""Numbers and dates are found with one spelling for equal ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extraction.dates import find_dates
from extraction.numbers import find_numbers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("40mg", [("40", "mg")]),
        ("40 mg or 0.5 or .5", [("40", "mg"), ("0.5", ""), ("0.5", "")]),
        ("1,000 units", [("1000", "units")]),
        ("BP 120/80 mmHg", [("120/80", "mmhg")]),
        ("35-40%", [("35-40", "%")]),
        ("50 to 60 percent", [("50-60", "%")]),
        ("for three days", [("3", "day")]),
        ("temp 100.4F", [("100.4", "f")]),
        ("a 65-year-old", [("65", "year")]),
        ("B12, T2DM, L4, A1c and SpO2", []),
        ("seen 3/4/2021 at 10:30", []),
        ("no one was there", []),
    ],
)
def test_numbers_are_found_with_their_units(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(n.value, n.unit) for n in find_numbers(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-03-04", ["2021-03-04"]), ("3/4/21", ["2021-03-04"]), ("March 5, 2019", ["2019-03-05"]),
        ("5 March 2019", ["2019-03-05"]), ("03/2020", ["2020-03"]), ("since 1998", ["1998"]), ("Mar 5", ["--03-05"]),
        ("13/2/2020", ["2020-02-13"]), ("2020-13-01", []), ("may 20 mg help", []), ("BP 120/80, 5-325 mg, 1/2 tab", []),
    ],
)  # fmt: skip
def test_dates_are_found_in_iso_form(text: str, expected: list[str]) -> None:
    assert [d.value for d in find_dates(text)] == expected


def test_a_date_whose_day_could_be_its_month_is_marked() -> None:
    assert [d.ambiguous for d in find_dates("3/4/2021, 3/14/2021, 4/4/2021")] == [True, False, False]


@given(st.text(alphabet="0123456789 ./-,%:mgxMarchof", max_size=60))
@settings(max_examples=200)
def test_every_place_lies_in_the_text(text: str) -> None:
    for mention in (*find_numbers(text), *find_dates(text)):
        assert 0 <= mention.start < mention.end <= len(text)
        assert text[mention.start : mention.end].strip()
