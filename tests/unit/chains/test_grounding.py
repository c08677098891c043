"""Support of a text by its sources, without a model."""

import time
from collections import Counter

import pytest

from chains.verification.grounding import grounding
from chains.verification.spelled import in_figures
from chains.verification.terms import Kind, terms_of
from extraction.lexicon import load, synonyms

CHART = [
    "Continue metformin 1000 mg BID and lisinopril 20 mg daily for HTN.",
    "She denies chest pain, fever or chills. Pain in the left knee for three weeks.",
]


class Oracle:
    """Holds everything for entailed and remembers what it was asked."""

    def __init__(self, probability: float) -> None:
        self._probability = probability
        self.asked: list[tuple[str, str]] = []

    def probability(self, premise: str, hypothesis: str) -> float:
        self.asked.append((premise, hypothesis))
        return self._probability


@pytest.mark.parametrize("text", [*CHART, "She denies chest pain.", "Lisinopril 20 mg daily for HTN."])
def test_what_a_source_says_word_for_word_is_carried(text: str) -> None:
    found = grounding(text, CHART)
    assert found.score == 1.0
    assert found.novel == ()


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Hypertension.", "HTN, well controlled"),
        ("Acetaminophen 650mg.", "Tylenol 650 mg at night"),
        ("Metformin twice a day.", "metformin BID"),
        ("Myocardial infarction in 2009.", "I had a heart attack in two thousand nine."),
        ("Blood pressure 120/80.", "BP was one hundred twenty over eighty."),
        ("Surgery on 01/10/2009.", "I had surgery on January tenth two thousand nine."),
        ("He had an appendectomy.", "He got his appendix taken out."),
        ("EKG normal.", "The E K G was normal."),
        ("Diabetes.", "Type 2 diabetes mellitus."),
        ("Parents are healthy.", "My mom and dad are healthy."),
        ("1,000 units", "1000 units"),
        ("1. Headache. 2. Nausea.", "Headache with nausea."),
    ],
)
def test_the_same_thing_in_another_spelling_is_carried(text: str, source: str) -> None:
    assert grounding(text, [source]).score == 1.0


@pytest.mark.parametrize(
    ("text", "novel"),
    [
        ("Continue metformin 500 mg BID.", "500"),
        ("Continue warfarin and lisinopril 20 mg daily.", "warfarin"),
        ("She denies chest pain and has gout.", "gout"),
        ("Pain in the left knee after a motorcycle ride.", "motorcycl"),
    ],
)
def test_what_no_source_says_is_named_and_lowers_the_score(text: str, novel: str) -> None:
    found = grounding(text, CHART)
    assert novel in found.novel
    assert found.score < 0.5


def test_one_invented_name_shows_in_a_long_clause_too() -> None:
    long = "Continue metformin 1000 mg BID and lisinopril 20 mg daily for HTN and gout."
    assert grounding(long, CHART).score < 0.3


def test_a_number_or_name_weighs_more_than_a_word_and_a_word_more_than_a_frame() -> None:
    number, word, frame = (
        grounding(f"She denies chest pain {addition}.", CHART).score for addition in ("88", "indoors", "overall")
    )
    assert number < word < frame < 1.0


def test_a_broad_word_is_carried_by_a_narrower_one_and_not_the_other_way_round() -> None:
    assert grounding("Arthritis.", ["Rheumatoid arthritis."]).score == 1.0
    assert grounding("Rheumatoid arthritis.", ["Arthritis."]).score < 1.0


def test_the_score_is_no_better_than_the_worst_clause_and_says_where_it_stands() -> None:
    text = "She denies chest pain. Allergic to penicillin."
    found = grounding(text, CHART)
    assert [text[c.start : c.end] for c in found.clauses] == ["She denies chest pain.", "Allergic to penicillin."]
    assert found.score <= min(c.score for c in found.clauses)
    assert found.clauses[0].score == 1.0 > found.clauses[1].score


def test_each_clause_points_to_the_sentence_that_carries_it() -> None:
    (clause,) = grounding("Left knee pain.", CHART).clauses
    quoted = CHART[clause.source][clause.source_start : clause.source_end]
    assert quoted == "Pain in the left knee for three weeks."


def test_what_is_scattered_over_the_source_is_carried_less_than_what_stands_together() -> None:
    together = grounding("Cough with fever.", ["Cough with fever.", "Rash."]).score
    scattered = grounding("Cough with rash.", ["Cough with fever.", "Rash."]).score
    assert 0.5 < scattered < together == 1.0


def test_a_verdict_alone_is_half_carried_and_beside_findings_made_up() -> None:
    source = ["Any surgeries? No."]
    assert grounding("Noncontributory.", source).score == 0.5
    assert grounding("Noncontributory. No surgeries.", source).score < 0.1
    assert grounding("Noncontributory.", ["Family history: noncontributory."]).score == 1.0


def test_nothing_is_carried_by_no_source_and_a_text_without_terms_claims_nothing() -> None:
    assert grounding("Metformin 500 mg.", []).score == 0.0
    assert grounding("Metformin 500 mg.", [" "]).score == 0.0
    assert grounding("", CHART).score == 1.0
    assert grounding("She is on the", []).score == 1.0


def test_an_entailment_model_may_lift_a_paraphrase() -> None:
    plain = grounding("She lives alone on her own farm.", ["There is nobody else at home."])
    oracle = Oracle(0.9)
    lifted = grounding("She lives alone on her own farm.", ["There is nobody else at home."], entailment=oracle)
    assert plain.score < lifted.score == 0.9
    assert oracle.asked == [("There is nobody else at home.", "She lives alone on her own farm.")]


@pytest.mark.parametrize("text", ["Continue metformin 500 mg BID.", "She has gout."])
def test_no_model_lifts_an_invented_number_or_name(text: str) -> None:
    oracle = Oracle(1.0)
    assert grounding(text, CHART, entailment=oracle).score == grounding(text, CHART).score
    assert oracle.asked == []


def test_no_model_lowers_a_clause() -> None:
    text = "Pain in the left knee at night."
    assert grounding(text, CHART, entailment=Oracle(0.0)).score == grounding(text, CHART).score


@pytest.mark.parametrize(
    ("spelled", "figures"),
    [
        ("twenty six", "26"),
        ("two thousand and nine", "2009"),
        ("nineteen eighty four", "1984"),
        ("one hundred twenty over eighty", "120 over 80"),
        ("one twenty two per minute", "122 per minute"),
        ("five hundred milligrams", "500 milligrams"),
        ("twenty-six-year-old", "26-year-old"),
        ("in his eighties", "in his 80"),
        ("the first one", "the first one"),
        ("one week ago", "1 week ago"),
        ("often tender", "often tender"),
    ],
)
def test_spelled_numbers_are_read_as_they_are_spoken(spelled: str, figures: str) -> None:
    assert in_figures(spelled) == figures


def test_each_word_belongs_to_one_term() -> None:
    found = terms_of("Acute chest pain, on aspirin 81 mg.")
    assert [(t.key, t.kind) for t in found if t.kind is not Kind.WORD] == [
        ("81", Kind.NUMBER),
        ("aspirin", Kind.NAME),
        ("chest pain", Kind.NAME),
    ]
    assert {t.key for t in found if t.kind is Kind.WORD} == {"acut", "mg"}


def test_a_long_source_is_judged_quickly() -> None:
    source = [f"Line {i}: metformin {i} mg, left knee pain for {i} weeks." for i in range(2000)]
    started = time.perf_counter()
    grounding("Metformin 77 mg. Left knee pain for 1999 weeks.", source)
    assert time.perf_counter() - started < 10.0


def test_a_list_from_several_sentences_loses_less_than_one_invented_item() -> None:
    source = ["1. Apixaban 5 mg PO BID.", "2. Atorvastatin 80 mg PO QPM.", "3. Metformin 1000 mg PO BID."]
    gathered = grounding("Apixaban 5 mg, atorvastatin 80 mg and metformin 1000 mg.", source).score
    invented = grounding("Apixaban 5 mg, atorvastatin 80 mg and digoxin 1000 mg.", source).score
    assert invented < 0.3 < 0.6 < gathered < 1.0


def test_every_word_of_the_lay_terms_has_one_place() -> None:
    lay = load("lay_terms")
    written = [phrase for phrase, _ in synonyms(lay["terms"])]
    assert sorted(p for p, n in Counter(written).items() if n > 1) == []
    assert {n.strip() for narrow in lay["broader"].values() for n in narrow.split(",")} >= {"mother", "husband"}
