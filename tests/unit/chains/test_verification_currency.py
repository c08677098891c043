"""Statements about the present, held against what the chart says later."""

import pytest

from chains.evidence import Evidence
from chains.verification import CHECKS, Claim, Refusal, Verifier, first_refusal
from chains.verification.chart import ChartView
from core.records import Action, Assertion, Citation, Fact, FactKind, SectionKind
from extraction.timeline import ResolvedFact, TimedFact, resolve

OLD, NEW = "2021-02-08T10:00:00", "2021-05-01T09:00:00"


def evidence(sentence: str, when: str = OLD, kind: SectionKind = SectionKind.OTHER) -> Evidence:
    citation = Citation("n1", "Progress note", when, "", 0, len(sentence), sentence)
    return Evidence("E1", citation, kind, sentence)


def mention(kind: FactKind, name: str, when: str, text: str, **fields: object) -> TimedFact:
    return TimedFact(Fact(kind, name, f"note of {when}", 0, 0, 5, **fields), when, "Progress note", text)  # type: ignore[arg-type]


WARFARIN = resolve(
    [
        mention(FactKind.DRUG, "warfarin", OLD, "Warfarin 5 mg daily.", dose="5 mg", frequency="daily"),
        mention(FactKind.DRUG, "warfarin", NEW, "Warfarin was stopped.", action=Action.STOPPED),
    ]
)
LISINOPRIL = resolve(
    [
        mention(FactKind.DRUG, "lisinopril", OLD, "Lisinopril 10 mg daily.", dose="10 mg", frequency="daily"),
        mention(
            FactKind.DRUG,
            "lisinopril",
            NEW,
            "Increased to 20 mg.",
            dose="20 mg",
            frequency="daily",
            action=Action.CHANGED,
        ),
    ]
)
PNEUMONIA = resolve(
    [
        mention(FactKind.PROBLEM, "pneumonia", OLD, "Pneumonia."),
        mention(
            FactKind.PROBLEM,
            "pneumonia",
            NEW,
            "Pneumonia resolved.",
            action=Action.RESOLVED,
            assertion=Assertion.HISTORICAL,
        ),
    ]
)
CODE = resolve(
    [
        mention(FactKind.CODE_STATUS, "full code", OLD, "Full code."),
        mention(FactKind.CODE_STATUS, "dnr", NEW, "Now DNR.", action=Action.CHANGED),
    ]
)
FOLEY = resolve(
    [
        mention(FactKind.DEVICE, "foley catheter", OLD, "Foley in place."),
        mention(FactKind.DEVICE, "foley catheter", NEW, "Foley removed.", action=Action.STOPPED),
    ]
)
PENICILLIN = resolve(
    [
        mention(FactKind.ALLERGY, "penicillin", OLD, "Penicillin."),
        mention(
            FactKind.ALLERGY, "penicillin", NEW, "Not allergic.", action=Action.CORRECTED, assertion=Assertion.NEGATED
        ),
    ]
)
NO_ALLERGIES = resolve(
    [
        mention(FactKind.ALLERGY, "none", OLD, "NKDA.", assertion=Assertion.NEGATED),
        mention(FactKind.ALLERGY, "sulfa", NEW, "Sulfa."),
    ]
)
SUPERSEDED = [
    ("The patient takes warfarin 5 mg daily.", "Warfarin 5 mg daily.", WARFARIN),
    ("Continue warfarin.", "Continue warfarin.", WARFARIN),
    ("Lisinopril 10 mg every day.", "Lisinopril 10 mg daily.", LISINOPRIL),
    ("The patient has pneumonia.", "Pneumonia.", PNEUMONIA),
    ("The patient is full code.", "Full code.", CODE),
    ("The patient has a Foley catheter.", "Foley catheter in place.", FOLEY),
    ("The patient is allergic to penicillin.", "Allergic to penicillin.", PENICILLIN),
    ("There are no known drug allergies.", "NKDA.", NO_ALLERGIES),
]
CURRENT = [
    ("Warfarin was given until the bleed.", "Warfarin was given until the bleed.", WARFARIN),
    ("Warfarin 5 mg daily was taken in February 2021.", "Warfarin 5 mg daily.", WARFARIN),
    ("The patient was treated for pneumonia.", "Treated for pneumonia.", PNEUMONIA),
    ("Lisinopril was increased from 10 mg to 20 mg.", "Lisinopril was increased from 10 mg to 20 mg.", LISINOPRIL),
    ("Metformin is taken.", "Metformin.", WARFARIN),
    ("History of pneumonia.", "History of pneumonia.", PNEUMONIA),
]


@pytest.mark.parametrize(("statement", "line", "resolved"), SUPERSEDED)
def test_what_a_later_note_ended_is_not_told_as_present(
    statement: str, line: str, resolved: tuple[ResolvedFact, ...]
) -> None:
    refusal = first_refusal(Claim(statement, (evidence(line),), resolved=resolved))
    assert refusal is not None
    assert refusal.code == "superseded"
    assert first_refusal(Claim(statement, (evidence(line),))) is None


@pytest.mark.parametrize(("statement", "line", "resolved"), CURRENT)
def test_dated_and_past_history_is_let_pass(statement: str, line: str, resolved: tuple[ResolvedFact, ...]) -> None:
    assert first_refusal(Claim(statement, (evidence(line),), resolved=resolved)) is None


def test_the_newest_note_overtakes_nothing_of_its_own() -> None:
    told = "The patient takes lisinopril 20 mg daily."
    assert first_refusal(Claim(told, (evidence("Lisinopril 20 mg daily.", NEW),), resolved=LISINOPRIL)) is None


def test_a_quote_is_held_against_the_chart_too() -> None:
    refusal = first_refusal(Claim("Warfarin 5 mg daily.", (evidence("Warfarin 5 mg daily."),), resolved=WARFARIN))
    assert refusal is not None
    assert refusal.code == "superseded"


def test_an_allergy_in_conflict_is_never_withheld() -> None:
    conflict = resolve(
        [
            mention(FactKind.ALLERGY, "penicillin", OLD, "Penicillin."),
            mention(FactKind.ALLERGY, "none", NEW, "NKDA.", assertion=Assertion.NEGATED),
        ]
    )
    assert (
        first_refusal(Claim("Allergic to penicillin.", (evidence("Penicillin allergy."),), resolved=conflict)) is None
    )


def test_a_chart_remembers_what_was_said_of_a_text_and_another_chart_is_asked_anew() -> None:
    asked: list[str] = []

    def counted(claim: Claim) -> Refusal | None:
        asked.append(claim.text)
        return CHECKS["currency"](claim)

    verifier, lines = Verifier(checks={"currency": counted}), (evidence("Warfarin 5 mg daily."),)
    stopped, taken = ChartView(WARFARIN), ChartView(())
    told = [view.first_refusal(verifier, "Takes warfarin 5 mg daily.", lines) for view in (stopped, stopped, taken)]
    assert [refusal.code if refusal else None for refusal in told] == ["superseded", "superseded", None]
    assert len(asked) == 2


def test_each_verifier_is_asked_for_itself() -> None:
    view, lines = ChartView(WARFARIN), (evidence("Warfarin 5 mg daily."),)
    blind, seeing = Verifier(checks={}), Verifier()
    told = [view.first_refusal(verifier, "Takes warfarin 5 mg daily.", lines) for verifier in (blind, seeing)]
    assert told[0] is None
    assert told[1] is not None
