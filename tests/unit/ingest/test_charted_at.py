import pytest

from ingest.sources.charted_at import parse_charted_at


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2180-05-07 09:15:00", "2180-05-07T09:15:00"),
        ("2017-01-21T12:50:25.828-08:00", "2017-01-21T12:50:25.828"),
        ("2017-01-21T23:50:25Z", "2017-01-21T23:50:25"),
        ("2017-01-21T23:50+05:30", "2017-01-21T23:50"),
        ("2017-01-21", "2017-01-21"),
        ("2017-01", "2017-01"),
        ("2017", "2017"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:60"),
        ("", None),
        ("  ", None),
        (None, None),
    ],
)
def test_keeps_the_precision_and_the_clock_of_the_source(given: str | None, kept: str | None) -> None:
    assert parse_charted_at(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "2021-02-30",
        "2021-13-01",
        "0000-01-01",
        "yesterday",
        "03/14/2024",
        "2021-02-03T25:00",
        "2021-02-03T10:61",
        "2021-02-03T10:11:61",
        "2021-02-03x",
        "20210203",
        "２０２１-02-03",
    ],
)
def test_refuses_a_date_that_is_none(given: str) -> None:
    with pytest.raises(ValueError):
        parse_charted_at(given)
