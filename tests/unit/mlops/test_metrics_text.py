"""Amounts, names, citations, numbers, errors of sense and redundancy on tiny summaries."""

from dataclasses import replace
from decimal import Decimal

import pytest

from mlops.evaluation.metrics import citations, errors, numbers
from mlops.evaluation.metrics.amounts import amounts_in, numbers_in
from mlops.evaluation.metrics.facts import judge_claims
from mlops.evaluation.metrics.names import NameFinder
from mlops.evaluation.metrics.redundancy import redundancy
from mlops.evaluation.metrics.stance import Stance, stance_by_words
from mlops.evaluation.metrics.telling import ToldStatement
from tests.fakes.ledgers import LEDGER, NAMES, NOTE, cite, fact, quote, say, sentence_of


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("40 mg", "40mg"),
        ("0.5 g", "500 mg"),
        (".5 mg", "0.5 mg"),
        ("1,000 mg", "1 g"),
        ("two puffs", "2 puffs"),
        ("800-160 mg", "800 mg/160 mg"),
        ("10 units", "10 U"),
    ],
)
def test_one_dose_in_two_spellings_is_one(left: str, right: str) -> None:
    assert amounts_in(left) == amounts_in(right) != []


@pytest.mark.parametrize(("left", "right"), [("40 mg", "40 mcg"), ("4 mg", "40 mg"), ("10 units", "10 mg")])
def test_other_doses_are_others(left: str, right: str) -> None:
    assert amounts_in(left) != amounts_in(right)


def test_numbers_are_read_as_values() -> None:
    assert numbers_in("1,200 and .5; T2DM") == [Decimal(1200), Decimal("0.5")]


def test_two_letters_are_a_name_in_their_own_spelling_alone() -> None:
    finder = NameFinder([fact("result", "potassium", synonyms=("K",)), fact("problem", "arthritis", synonyms=("RA",))])
    assert [n.start for n in finder.find("K 4.5, WBC 7.8 K/uL, ok k")] == [0]
    assert not finder.find("SpO2 96% on RA")
    assert finder.find("RA, on methotrexate")


def test_the_longest_name_wins() -> None:
    finder = NameFinder([fact("problem", "hypertension"), fact("problem", "pulmonary hypertension")])
    (naming,) = finder.find("Pulmonary-hypertension")
    assert naming.keys == {("problem", "pulmonary hypertension")}


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("She has gout.", Stance.PRESENT),
        ("Denies gout.", Stance.DENIED),
        ("No fever, but gout.", Stance.PRESENT),
        ("Father with gout.", Stance.FAMILY),
        ("Gout at age 52 in paternal grandfather.", Stance.FAMILY),
        ("Possible gout.", Stance.POSSIBLE),
        ("Gout has resolved.", Stance.ENDED),
        ("History of gout.", Stance.PAST),
        ("Gout was ruled out.", Stance.DENIED),
    ],
)
def test_reads_how_a_clause_asserts(text: str, stance: Stance) -> None:
    start = text.lower().index("gout")
    assert stance_by_words(text, start, start + 4) is stance


def test_a_citation_is_valid_when_its_quote_is_the_very_words() -> None:
    good = cite("hypertension")
    shifted, blank = replace(good, start=good.start + 1), replace(good, end=good.start, quote="")
    share = citations.validity([good, shifted, blank], {good.note_id: NOTE}.__getitem__)
    assert (share.hits, share.total) == (1, 3)


def test_citation_precision_counts_citations_that_state_something_else() -> None:
    statements = [quote("hypertension"), say("Creatinine 1.4", "Creatinine 1.4", "Sodium 139"), say("Sits up", "Pain")]
    share = citations.precision(statements, LEDGER, NAMES)
    assert (share.hits, share.total) == (2, 3)


def test_the_source_of_an_earlier_value_is_cited_rightly_where_it_is_told_as_such() -> None:
    told = [say("Metoprolol 25 mg, lisinopril 20 mg, previously 10 mg", "10 mg")]
    untold = [say("Metoprolol 25 mg, lisinopril 20 mg, previously 40 mg", "Sodium 139")]
    assert citations.precision(told, LEDGER, NAMES).hits == 1
    assert citations.precision(untold, LEDGER, NAMES).hits == 0


def test_citation_recall_wants_the_right_value_cited() -> None:
    statements = [
        say("Lisinopril 20 mg", "Lisinopril went from 10 mg to 20 mg"),
        say("Lisinopril 20 mg", "Metoprolol 25 mg"),
        say("Creatinine 1.4", "was 1.2"),
        say("Hypertension"),
    ]
    share = citations.recall(statements, LEDGER, NAMES)
    assert (share.hits, share.total) == (1, 4)


def test_a_number_without_support_is_found() -> None:
    statements = [
        say("Creatinine 1.4 (2021-06-01)", "Creatinine 1.4"),
        say("Creatinine rose by 0.2", "Creatinine 1.4"),
        say("Sodium 139"),
    ]
    share = numbers.unsupported(statements, sentence_of)
    assert (share.hits, share.total, len(share.short)) == (2, 6, 2)


def test_a_symptom_told_against_its_words_is_a_negation_error() -> None:
    right = say("She denies chest pain.", "She denies chest pain.")
    wrong = say("She has chest pain.", "She denies chest pain.")
    assert errors.negation([right], [], LEDGER, NAMES).hits == 0
    assert errors.negation([wrong], [], LEDGER, NAMES).hits == 1


def test_a_denied_fact_that_holds_is_a_negation_error() -> None:
    claims = judge_claims([say("No hypertension")], LEDGER, NAMES, dated=True)
    assert errors.negation([], claims, LEDGER, NAMES).hits == 1


def test_a_relatives_disease_is_a_subject_error_and_a_stopped_drug_a_currency_error() -> None:
    claims = judge_claims([say("Breast cancer"), say("Warfarin 5 mg"), say("HTN")], LEDGER, NAMES, dated=True)
    assert (errors.subject(claims).hits, errors.currency(claims).hits, len(claims)) == (1, 1, 3)


@pytest.mark.parametrize(("text", "wrong"), [("Pain, left hip", 0), ("Right hip pain", 1), ("Bilateral hip pain", 1)])
def test_a_side_that_is_not_cited_is_a_laterality_error(text: str, wrong: int) -> None:
    share = errors.laterality([say(text, "Pain in the left hip.")], sentence_of)
    assert (share.hits, share.total) == (wrong, 1)


def test_a_statement_that_says_nothing_new_is_redundant() -> None:
    first = ToldStatement("1", "Lisinopril 20 mg once daily for hypertension", ())
    again = ToldStatement("2", "lisinopril 20 mg", ())
    other = ToldStatement("3", "lisinopril 10 mg", ())
    share = redundancy([first, again, other])
    assert (share.hits, share.total) == (1, 3)
    assert share.short == (again,)
