"""Which words state a code status, and which only ask, suppose, limit or wish."""

import pytest

from core.records import Assertion, Fact, FactKind, Note
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
    return found


def status(*notes: tuple[str, str]) -> ResolvedFact:
    (found,) = (r for r in resolve(mentions(*notes)) if r.kind is FactKind.CODE_STATUS)
    return found


def told(text: str) -> Fact:
    (fact,) = (m.fact for m in mentions(("2024-01-01", text)) if m.fact.kind is FactKind.CODE_STATUS)
    return fact


DNR = ("2024-01-01", "CODE STATUS: DNR/DNI")


@pytest.mark.parametrize(
    "text",
    [
        "His wife asked whether he is full code.",
        "Is the patient full code?",
        "Daughter inquired about full code.",
    ],
)
def test_a_question_is_no_statement(text: str) -> None:
    assert told(text).assertion is Assertion.HYPOTHETICAL
    r = status(DNR, ("2024-02-01", text))
    assert (r.name, r.state) == ("dnr/dni", "current")


@pytest.mark.parametrize(
    "text",
    [
        "Full code during dialysis only.",
        "Full code for surgery.",
        "Full code (default, not yet discussed)",
        "Presumed full code.",
        "Code status: Full code, not addressed",
        "Full code until the family meeting.",
        "Full code if she arrests in the operating room.",
        "Son wants full code.",
        "Full code?",
    ],
)
def test_a_default_an_exception_a_condition_and_a_wish_never_supersede_an_order(text: str) -> None:
    assert told(text).assertion is Assertion.POSSIBLE
    r = status(DNR, ("2024-02-01", text))
    assert (r.name, r.state, r.latest.charted_at) == ("dnr/dni", "conflict", "2024-01-01")
    assert r.previous is not None and text.endswith(r.previous.text)
    assert status(("2024-02-01", text)).name == "full code"


@pytest.mark.parametrize(
    "text",
    [
        "Asked about code status, the patient states he is full code.",
        "Full code, confirmed with patient.",
        "Full code during this admission.",
        "Family meeting: patient wants to be full code.",
        "Code status was discussed and patient is full code.",
    ],
)
def test_an_answer_is_a_statement_and_a_newer_one_supersedes(text: str) -> None:
    assert told(text).assertion is Assertion.PRESENT
    r = status(DNR, ("2024-02-01", text))
    assert (r.name, r.state) == ("full code", "changed")


@pytest.mark.parametrize("text", ["DNR, okay to intubate.", "DNR but ok for BiPAP", "DNR/DNI, comfort care"])
def test_a_status_with_a_proviso_is_its_whole_sentence(text: str) -> None:
    found = [m.fact for m in mentions(("2024-01-01", text)) if m.fact.kind is FactKind.CODE_STATUS]
    assert {(f.start, f.end) for f in found} == {(0, len(text))}
    assert status(("2024-01-01", text)).state == "current"


def test_two_firm_statuses_of_one_day_conflict_unless_one_tells_of_the_change() -> None:
    morning = ("2024-01-01T08:00:00", "CODE STATUS: Full code")
    assert status(morning, ("2024-01-01T15:00:00", "CODE STATUS: DNR/DNI")).state == "conflict"
    assert status(morning, ("2024-01-01T15:00:00", "Code status changed to DNR/DNI.")).state == "changed"
    assert status(morning, ("2024-01-02T08:00:00", "CODE STATUS: DNR/DNI")).state == "changed"
