import pytest

from chains.focus import read_focus
from chains.wording import content_words

NO_NAMES: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("focus", "sentence"),
    [
        ("creatinine", "Creatinine 1.5 mg/dL."),
        ("What is the patient's creatinine trend?", "Creatinine 1.5 mg/dL."),
        ("migraines", "Here for migraine."),
        ("chest pain", "She denies chest pain."),
    ],
)
def test_a_sentence_that_speaks_of_the_subject_answers(focus: str, sentence: str) -> None:
    assert read_focus(focus).is_answered_by(frozenset(content_words(sentence)), NO_NAMES)


@pytest.mark.parametrize(
    ("focus", "name"),
    [
        ("high blood pressure", "hypertension"),
        ("Lasix", "furosemide"),
        ("kidney function", "creatinine"),
        ("any blood thinners?", "apixaban"),
        ("what is the dose of metoprolol", "metoprolol"),
        ("penicillin allergy", "penicillin"),
    ],
)
def test_a_fact_of_that_name_answers_however_it_is_spelled(focus: str, name: str) -> None:
    assert read_focus(focus).is_answered_by(NO_NAMES, frozenset({name}))


@pytest.mark.parametrize(
    ("focus", "sentence"),
    [
        ("lung cancer treatment", "Breast cancer, treatment completed."),
        ("warfarin dose", "The dose was reduced."),
        ("heart function", "HEART: regular rate, no murmur."),
        ("kidney function", "Functional status: independent, good function."),
    ],
)
def test_a_word_beside_the_subject_is_no_answer(focus: str, sentence: str) -> None:
    assert not read_focus(focus).is_answered_by(frozenset(content_words(sentence)), NO_NAMES)


def test_one_word_of_two_is_no_answer() -> None:
    assert not read_focus("chest pain").is_answered_by(frozenset(content_words("Frontal view of the chest.")), NO_NAMES)


@pytest.mark.parametrize("focus", ["xylophone", "gallbladder", "???", "\U0001f914", "what is the"])
def test_nothing_else_answers(focus: str) -> None:
    sentence = frozenset(content_words("She was treated with intravenous furosemide."))
    assert not read_focus(focus).is_answered_by(sentence, frozenset({"furosemide"}))
