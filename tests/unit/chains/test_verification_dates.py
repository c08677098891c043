"""Dates by the custom of their note."""

import pytest

from chains.evidence import Evidence
from chains.verification import Claim, first_refusal
from chains.verification.chart import ChartView, date_order, gender_of
from core.records import Citation, SectionKind

LINE = "Stent placed 03/04/2019."


def evidence(sentence: str, charted_at: str | None = "2021-02-08T10:00:00") -> Evidence:
    citation = Citation("n1", "Progress note", charted_at, "", 0, len(sentence), sentence)
    return Evidence("E1", citation, SectionKind.OTHER, sentence)


def code(text: str, note: str) -> str | None:
    refusal = first_refusal(ChartView((), lambda _: note).claim(text, (evidence(LINE),)))
    return refusal.code if refusal else None


@pytest.mark.parametrize(
    ("note", "order"),
    [
        ("Seen 25/12/2018 and 03/04/2019.", "day_first"),
        ("Seen 12/25/2018 and 03/04/2019.", "month_first"),
        ("Seen 12/25/2018 and 25/12/2019.", None),
        ("Seen 03/04/2019.", None),
    ],
)
def test_a_note_s_own_dates_tell_its_custom(note: str, order: str | None) -> None:
    assert date_order(note) == order


def test_an_ambiguous_date_is_read_by_its_note_s_custom() -> None:
    assert code("A stent was placed on 3 April 2019.", f"Seen 25/12/2018. {LINE}") is None
    assert code("A stent was placed on March 4, 2019.", f"Seen 12/25/2018. {LINE}") is None
    assert code("A stent was placed on March 4, 2019.", f"Seen 25/12/2018. {LINE}") == "date"


def test_an_ambiguous_date_of_no_known_custom_may_only_be_repeated() -> None:
    assert code("A stent was placed on March 4, 2019.", LINE) == "ambiguous_date"
    assert code("A stent was placed on 03/04/2019.", LINE) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Seen in February 2021.", "Seen 2021-02-03."),
        ("Fell on 2021-02-07.", "Fell yesterday."),
        ("Seen on 2021-02-08.", "Seen."),
        ("Foley removed on February 5, 2021.", "Foley removed Feb 5."),
    ],
)
def test_a_date_may_lose_precision_or_take_it_from_its_note(text: str, line: str) -> None:
    assert first_refusal(Claim(text, (evidence(line),))) is None


def test_a_date_may_not_gain_precision() -> None:
    refusal = first_refusal(Claim("Seen on March 14, 2019.", (evidence("Seen in March 2019."),)))
    assert refusal is not None
    assert refusal.code in {"date", "number"}


@pytest.mark.parametrize(
    ("note", "gender"),
    [("She reports pain. Her gait is steady.", "woman"), ("He walks. His pain is better.", "man"), ("Pt seen.", "")],
)
def test_a_note_tells_whether_it_speaks_of_a_woman_or_a_man(note: str, gender: str) -> None:
    assert gender_of(note) == gender
