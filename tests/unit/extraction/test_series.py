"""Of several values of one test in a sentence the newest counts, and none that is a goal or not the patient's."""

import pytest

from core.records import Assertion, FactKind, Note
from extraction import extract_facts
from extraction.timeline import ResolvedFact, TimedFact, resolve
from ingest.segmentation import segment


def mentions(*notes: tuple[str, str]) -> list[TimedFact]:
    found = []
    for i, (when, text) in enumerate(notes):
        note = Note(f"n{i}", "p", None, "Clinic note", when, text)
        cut = segment(note, count_tokens=lambda s: len(s.split()), chunk_tokens=100)
        for fact in extract_facts(note, cut.sentences):
            sentence = cut.sentences[fact.sentence]
            words = text[sentence.start : sentence.end]
            found.append(TimedFact(fact, when, note.note_type, words, sentence.kind, sentence.start))
    return [m for m in found if m.fact.kind is FactKind.RESULT]


def result(*notes: tuple[str, str]) -> ResolvedFact:
    (found,) = resolve(mentions(*notes))
    return found


@pytest.mark.parametrize(
    ("text", "value", "words"),
    [
        ("EF 25% (2018), 50% (2021).", "50", "EF 25% (2018), 50% (2021)"),
        ("EF 50% (2021), 25% (2018).", "50", "EF 50% (2021)"),
        ("EF was 25% in 2018 and 50% in 2021.", "50", "EF was 25% in 2018 and 50% in 2021"),
        ("TSH 8.9 (2019), 2.1 (2020), 3.3 (2022).", "3.3", "TSH 8.9 (2019), 2.1 (2020), 3.3 (2022)"),
        ("Hgb 8.4 on 3/3, 7.1 on 3/1.", "8.4", "Hgb 8.4 on 3/3"),
        ("EF 55% (1/2020) → 30% (6/2022).", "30", "EF 55% (1/2020) → 30% (6/2022)"),
        ("A1c 9.1% in March 2023, 7.2% today.", "7.2", "A1c 9.1% in March 2023, 7.2% today"),
        ("Weight 80 kg today, 84 kg last week.", "80", "Weight 80 kg today"),
        ("WBC 18.2, repeat 12.1.", "12.1", "WBC 18.2, repeat 12.1"),
        ("BP 180/100 on arrival, 130/80 at discharge.", "130/80", "BP 180/100 on arrival, 130/80 at discharge"),
        ("K 2.9 repleted to 3.8.", "3.8", "K 2.9 repleted to 3.8"),
        ("K 3.2, repleted with 40 meq, repeat 3.9.", "3.9", "K 3.2, repleted with 40 meq, repeat 3.9"),
        ("Baseline creatinine 1.1, today 2.4.", "2.4", "Baseline creatinine 1.1, today 2.4"),
        ("EF 50%, 25% previously.", "50", "EF 50%"),
    ],
)
def test_the_newest_of_several_values_is_told_with_its_day(text: str, value: str, words: str) -> None:
    (told,) = mentions(("2024-01-01", text))
    assert (told.fact.value, text[told.fact.start : told.fact.end]) == (value, words)
    assert told.fact.assertion is Assertion.PRESENT


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("K 6.2 (hemolyzed), repeat 4.3.", "4.3"),
        ("Troponin 0.8 (contaminated sample), repeat <0.01.", "<0.01"),
        ("Glucose 40 (erroneous); repeat 110.", "110"),
        ("K 6.2 (hemolyzed).", "6.2"),
        ("K+ 6.1 - specimen hemolyzed, repeat pending.", "6.1"),
    ],
)
def test_a_void_value_gives_way_where_a_repeat_stands(text: str, value: str) -> None:
    (told,) = mentions(("2024-01-01", text))
    assert told.fact.value == value


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("INR goal 2-3, today 4.8.", ["4.8"]),
        ("Goal INR 2-3, today 4.8.", ["4.8"]),
        ("INR (goal 2-3) 4.8.", ["4.8"]),
        ("INR 4.8 (goal 2-3).", ["4.8"]),
        ("BP goal <130/80, today 152/90.", ["152/90"]),
        ("INR goal 2-3.", []),
        ("Sodium 128 (135-145).", ["128"]),
        ("Creatinine 2.4 (baseline 1.1).", ["2.4"]),
    ],
)
def test_a_goal_a_range_and_a_baseline_are_no_results(text: str, values: list[str]) -> None:
    assert [m.fact.value for m in mentions(("2024-01-01", text))] == values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Hgb 7.1, transfused 2 units today.", "7.1"),
        ("O2 sat 88% on RA, 94% on 2 L.", "88"),
        ("A1c 9.1, repeat in 3 months.", "9.1"),
        ("TSH 8.9, repeat at 6 weeks.", "8.9"),
        ("Hgb 7.1, repeat at 6 pm.", "7.1"),
    ],
)
def test_a_number_that_tells_something_else_is_no_second_value(text: str, value: str) -> None:
    assert [m.fact.value for m in mentions(("2024-01-01", text))] == [value]


def test_a_void_value_gives_way_to_another_of_the_same_note_or_a_later_one() -> None:
    assert result(("2024-01-01", "Repeat K 4.3. The first K 6.2 (hemolyzed).")).latest.fact.value == "4.3"
    assert result(("2024-01-01", "K 6.2 (hemolyzed)."), ("2024-01-02", "K 4.1.")).previous is None
    assert result(("2023-01-01", "K 4.1."), ("2024-01-01", "K 6.2 (hemolyzed).")).latest.fact.value == "6.2"


def test_a_value_told_with_its_day_counts_on_that_day() -> None:
    r = result(("2021-05-01", "EF 50%."), ("2024-01-01", "CAD, EF 25% (2018)."))
    assert (r.latest.fact.value, r.previous and r.previous.fact.value) == ("50", "25")
    assert result(("2024-01-01", "Echo: EF 60% in 2023; EF 35% in 2019.")).latest.fact.value == "60"
