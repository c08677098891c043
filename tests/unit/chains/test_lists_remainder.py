import pytest

from chains.remainder import item_of
from extraction.drugs import find_drugs


def quoted(text: str, words: str) -> str:
    """What is quoted of a sentence for the slice `words` of it."""
    start = text.index(words)
    found = item_of(text, start, start + len(words), [drug.start for drug in find_drugs(text)])
    return text if found is None else text[found[0] : found[1]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Warfarin 5 mg daily - HOLD for INR 5", "Warfarin 5 mg daily"),
        ("Warfarin 5 mg daily except 7.5 mg on Tuesdays", "Warfarin 5 mg daily"),
        ("Warfarin 5 mg Mon/Wed/Fri, 2.5 mg other days", "Warfarin 5 mg"),
        ("Warfarin 5 mg daily; 2.5 mg on Sunday", "Warfarin 5 mg daily"),
        ("Digoxin 0.125 mg M/W/F", "Digoxin 0.125 mg"),
        ("Tacrolimus 3 mg qAM and 2 mg qPM", "Tacrolimus 3 mg qAM"),
        ("NPH 20 units AM and 10 units PM", "NPH 20 units"),
        ("Prednisone taper: 40 mg, 30, 20, 10 mg then stop", "Prednisone taper: 40 mg"),
        ("Oxycodone 5 mg q6h only if severe pain", "Oxycodone 5 mg q6h"),
        ("Insulin glargine 20 units nightly, hold if NPO", "Insulin glargine 20 units nightly"),
        ("Acetaminophen 650 mg q6h, do not exceed 3 g/day", "Acetaminophen 650 mg q6h"),
        ("Lorazepam 0.5 mg nightly for sleep as needed", "Lorazepam 0.5 mg nightly"),
        ("Apixaban 5 mg BID (prescribed, never filled)", "Apixaban 5 mg BID"),
        ("Apixaban 5 mg BID (prescribed, never filled)", "Apixaban 5 mg BID (prescribed"),
        ("Lisinopril 10 mg daily (held, AKI)", "Lisinopril 10 mg daily (held"),
        ("Methotrexate 15 mg\n  on Mondays", "Methotrexate 15 mg"),
    ],
)
def test_a_dose_is_never_quoted_without_what_restricts_it(text: str, words: str) -> None:
    assert quoted(text, words) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Warfarin 5 mg daily for atrial fibrillation", "Warfarin 5 mg daily"),
        ("Lisinopril 20 mg daily, refilled on 2021-03-04", "Lisinopril 20 mg daily"),
        ("Lisinopril 20 mg daily since 2019", "Lisinopril 20 mg daily"),
        ("Metformin 500 mg BID. Disp:*60 Tablet(s)* Refills:*2*", "Metformin 500 mg BID"),
        ("She takes furosemide 40 mg daily; creatinine is 1.4 today", "furosemide 40 mg daily"),
        ("She takes furosemide 40 mg daily; she weighs 80 kg and never salts", "furosemide 40 mg daily"),
        ("Her diuretic (furosemide 40 mg daily) was never a burden", "furosemide 40 mg daily"),
        ("Follow INR on warfarin 5 mg daily, creatinine 1.5 today", "warfarin 5 mg daily"),
    ],
)
def test_what_restricts_nothing_is_left_out(text: str, words: str) -> None:
    assert quoted(text, words) == words


@pytest.mark.parametrize(
    "words", ["aspirin 81 mg daily", "metformin 500 mg BID", "lisinopril 10 mg", "40 mg of furosemide"]
)
def test_the_next_drug_of_a_list_is_not_what_remains_of_the_one_before(words: str) -> None:
    text = "She takes aspirin 81 mg daily, metformin 500 mg BID, lisinopril 10 mg and 40 mg of furosemide"
    assert quoted(text, words) == words


@pytest.mark.parametrize("mark", ["2.", "2)", "(2)"])
@pytest.mark.parametrize("gap", ["; ", ", ", "\n"])
def test_the_number_of_the_next_item_is_no_dose(mark: str, gap: str) -> None:
    text = f"1. aspirin 81 mg, orally, qday{gap}{mark} clopidogrel 75 mg, orally, qday"
    assert quoted(text, "aspirin 81 mg, orally, qday") == "aspirin 81 mg, orally, qday"


def test_the_verb_of_the_next_drug_restricts_only_that() -> None:
    assert quoted("Continue aspirin 81 mg, hold metformin", "aspirin 81 mg") == "aspirin 81 mg"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Warfarin 5 mg daily", "Warfarin 5 mg daily, 2.5 mg Sundays"),
        ("metformin 500 mg BID", "metformin 500 mg BID - hold for contrast"),
        ("lisinopril 10 mg", "lisinopril 10 mg"),
    ],
)
def test_a_drug_in_a_list_is_quoted_to_the_end_of_its_item(words: str, shown: str) -> None:
    text = "Warfarin 5 mg daily, 2.5 mg Sundays, metformin 500 mg BID - hold for contrast, lisinopril 10 mg"
    assert quoted(text, words) == shown


def test_where_a_condition_names_another_drug_the_whole_sentence_is_quoted() -> None:
    text = "Enoxaparin 80 mg BID until warfarin is therapeutic"
    assert quoted(text, "Enoxaparin 80 mg BID") == text


def test_a_bracket_that_is_never_closed_is_not_cut() -> None:
    text = "Apixaban 5 mg BID (started, then stopped"
    assert quoted(text, "Apixaban 5 mg BID (started") == text
