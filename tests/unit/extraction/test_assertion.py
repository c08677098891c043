"""Denied, possible, past, conditional, somebody else's."""

import pytest

from core.records import Assertion, SectionKind
from extraction.assertion import assertion_of, context_of

PRESENT, NEGATED, POSSIBLE = Assertion.PRESENT, Assertion.NEGATED, Assertion.POSSIBLE
HISTORICAL, HYPOTHETICAL, FAMILY = Assertion.HISTORICAL, Assertion.HYPOTHETICAL, Assertion.FAMILY


@pytest.mark.parametrize(
    ("text", "mention", "expected"),
    [
        ("She has pneumonia.", "pneumonia", PRESENT),
        ("Denies chest pain, dyspnea, or syncope.", "syncope", NEGATED),
        ("No evidence of DVT.", "DVT", NEGATED),
        ("PE was ruled out by CT.", "PE", NEGATED),
        ("Chest pain: denied", "Chest pain", NEGATED),
        ("No fever but has a cough.", "cough", PRESENT),
        ("No chest pain; hypertension is stable.", "hypertension", PRESENT),
        ("There was no change in the effusion.", "effusion", PRESENT),
        ("Hypertension is not well controlled.", "Hypertension", PRESENT),
        ("Pain (no radiation), fever.", "fever", PRESENT),
        ("Possible pneumonia.", "pneumonia", POSSIBLE),
        ("Concern for sepsis.", "sepsis", POSSIBLE),
        ("PUD, ?stroke", "stroke", POSSIBLE),
        ("Pneumonia cannot be excluded.", "Pneumonia", POSSIBLE),
        ("History of MI and stroke who presents with cough.", "stroke", HISTORICAL),
        ("History of MI and stroke who presents with cough.", "cough", PRESENT),
        ("s/p DVT in 2015", "DVT", HISTORICAL),
        ("50 year old woman with gout", "gout", PRESENT),
        ("Return if chest pain develops.", "chest pain", HYPOTHETICAL),
        ("Monitor for bleeding.", "bleeding", HYPOTHETICAL),
        ("Her mother had breast cancer.", "breast cancer", FAMILY),
        ("Diabetes in his brother and sister.", "Diabetes", FAMILY),
        ("Father: CAD, HTN", "HTN", FAMILY),
        ("No family history of colon cancer.", "colon cancer", FAMILY),
        ("Per mother, fever since Monday.", "fever", PRESENT),
        ("Mother had lupus, but the patient has asthma.", "asthma", PRESENT),
    ],
)
def test_triggers_govern_their_scope_only(text: str, mention: str, expected: Assertion) -> None:
    at = text.index(mention)
    assert assertion_of(text, (at, at + len(mention)), None) is expected


def test_the_section_decides_where_the_sentence_is_silent() -> None:
    assert assertion_of("Stroke at 60.", (0, 6), SectionKind.FAMILY_HISTORY) is FAMILY
    assert assertion_of("Stroke at 60.", (0, 6), SectionKind.PAST_HISTORY) is HISTORICAL
    assert assertion_of("The patient has a stroke.", (18, 24), SectionKind.FAMILY_HISTORY) is PRESENT


def test_several_may_hold_at_once() -> None:
    text = "No family history of stroke."
    context = context_of(text, (21, 27))
    assert context.family and context.negated
