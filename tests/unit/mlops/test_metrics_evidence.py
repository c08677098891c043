"""Evidence within a budget of tokens."""

from mlops.evaluation.metrics.evidence import Passage, supported, within_budget
from mlops.evaluation.metrics.handoff import handoff_facts
from tests.fakes.ledgers import LEDGER, NOTE, NOTE_ID

DUE = handoff_facts(LEDGER)


def passage(words: str, tokens: int = 1) -> Passage:
    start = NOTE.index(words)
    return Passage(NOTE_ID, start, start + len(words), "x " * tokens)


def count(line: str) -> int:
    return len(line.split())


def test_a_passage_supports_what_it_states_with_its_value() -> None:
    found = supported(DUE, [passage("Creatinine 1.4 mg/dL (was 1.2)"), passage("She has hypertension")])
    assert [f.name for f in found] == ["hypertension", "creatinine"]


def test_a_superseded_value_supports_nothing_that_is_due() -> None:
    assert supported(DUE, [passage("was 1.2")]) == []


def test_half_of_the_words_are_enough_and_less_is_not() -> None:
    assert supported(DUE, [passage("penicillin (")])
    assert not supported(DUE, [passage("Allergies: penic")])


def test_evidence_ends_where_the_budget_does() -> None:
    long = [passage("She has hypertension", 5), passage("Sodium 139", 5), passage("Full code", 1)]
    assert list(within_budget(long, 9, count)) == long[:1]


def test_words_within_earlier_ones_are_paid_once() -> None:
    whole, part, other = passage("She has hypertension", 5), passage("hypertension", 5), passage("Full code", 4)
    assert list(within_budget([whole, part, other], 9, count)) == [whole, other]
