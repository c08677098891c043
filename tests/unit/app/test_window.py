"""The ends of a time window."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.window import local_time


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2021-02-03", "2021-02-03"),
        ("2021-02-03T08:30", "2021-02-03T08:30"),
        ("2021-02-03 08:30:15", "2021-02-03T08:30:15"),
        ("2021-02-03T08:30:15Z", "2021-02-03T08:30:15"),
        ("2021-02-03t08:30:15.123456+02:00", "2021-02-03T08:30:15"),
    ],
)
def test_dates_and_times_are_read_as_the_charts_own(written: str, read: str) -> None:
    assert local_time(written) == read


@pytest.mark.parametrize(
    "written",
    [
        "",
        "yesterday",
        "2021",
        "2021-02",
        "2021-02-30",
        "2021-02-03T",
        "2021-02-03T24:01",
        "2021-W05-3",
        "٢٠٢١-02-03",
        "2021-02-03\n",
    ],
)
def test_anything_else_is_refused_without_being_repeated(written: str) -> None:
    with pytest.raises(ValueError, match=r"ISO date|no such day") as refusal:
        local_time(written)
    assert not written.strip() or written not in str(refusal.value)


@given(st.dates() | st.datetimes())
def test_every_date_and_time_there_is_can_be_written(value: date | datetime) -> None:
    assert value.isoformat().startswith(local_time(value.isoformat()))
