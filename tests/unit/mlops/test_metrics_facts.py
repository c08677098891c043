"""Fact recall and precision against a hand-made ledger."""

import pytest

from mlops.evaluation.ledger import PatientLedger
from mlops.evaluation.metrics.facts import Verdict, judge_claims, judge_due
from mlops.evaluation.metrics.handoff import handoff_facts
from mlops.evaluation.metrics.high_risk import is_high_risk
from mlops.evaluation.metrics.names import NameFinder
from mlops.evaluation.metrics.telling import ToldStatement
from tests.fakes.ledgers import FACTS, LEDGER, NAMES, fact, quote, say

DUE = handoff_facts(LEDGER)


def due(name: str, *statements: ToldStatement) -> Verdict:
    (found,) = [d for d in judge_due(DUE, statements, LEDGER, NAMES) if d.fact.name == name]
    return found.verdict


def claims(*statements: ToldStatement, dated: bool = False) -> dict[str, Verdict]:
    return {c.name: c.verdict for c in judge_claims(statements, LEDGER, NAMES, dated=dated)}


def test_a_handoff_is_due_what_holds_and_no_more() -> None:
    assert [(f.kind, f.name, f.value) for f in DUE] == [
        ("problem", "hypertension", ""),
        ("drug", "lisinopril", "20 mg"),
        ("drug", "metoprolol", "25 mg"),
        ("allergy", "penicillin", "rash"),
        ("result", "creatinine", "1.4"),
        ("code_status", "full code", ""),
    ]


def test_the_strict_reading_asks_for_normal_results_too() -> None:
    strict = {f.name for f in handoff_facts(LEDGER, every_result=True)}
    assert strict - {f.name for f in DUE} == {"sodium"}


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("hypertension", say("HTN, well controlled.")),
        ("lisinopril", say("Zestril 20mg daily")),
        ("lisinopril", say("Lisinopril raised from 10 mg to 20 mg once daily")),
        ("lisinopril", quote("Lisinopril went from 10 mg to 20 mg once daily.")),
        ("lisinopril", say("lisinopril 0.02 g daily and metoprolol 25 mg")),
        ("penicillin", say("Penicillin: rash", section="allergies")),
        ("penicillin", say("Allergic to penicillin.")),
        ("creatinine", say("Creatinine now 1.4, from 1.2")),
        ("full code", say("FULL CODE")),
    ],
)
def test_hears_a_fact_that_is_told(name: str, statement: ToldStatement) -> None:
    assert due(name, statement) is Verdict.RIGHT


@pytest.mark.parametrize(
    ("name", "statement", "verdict"),
    [
        ("hypertension", say("No hypertension."), Verdict.OMITTED),
        ("hypertension", say("Pulmonary function is normal."), Verdict.OMITTED),
        ("hypertension", say("Mother with hypertension."), Verdict.OMITTED),
        ("lisinopril", say("lisinopril 10 mg daily"), Verdict.WRONG_VALUE),
        ("lisinopril", say("lisinopril once daily"), Verdict.NO_VALUE),
        ("lisinopril", say("lisinopril and metoprolol 20 mg"), Verdict.NO_VALUE),
        ("lisinopril", say("Stopped lisinopril 20 mg."), Verdict.OMITTED),
        ("penicillin", say("Penicillin 500 mg for five days", section="medications"), Verdict.OMITTED),
        ("creatinine", say("Creatinine 1.2"), Verdict.WRONG_VALUE),
        ("creatinine", say("Sodium 1.4, creatinine rising"), Verdict.NO_VALUE),
        ("full code", say("DNR/DNI"), Verdict.OMITTED),
    ],
)
def test_does_not_hear_what_is_not_told(name: str, statement: ToldStatement, verdict: Verdict) -> None:
    assert due(name, statement) is verdict


def test_no_known_allergies_are_a_fact_to_tell() -> None:
    none = fact("allergy", "none", synonyms=("NKDA",))
    assert judge_due([none], [say("NKDA")], LEDGER, NAMES)[0].verdict is Verdict.RIGHT
    assert judge_due([none], [say("Allergies were discussed.")], LEDGER, NAMES)[0].verdict is Verdict.OMITTED


@pytest.mark.parametrize(
    ("statement", "name", "verdict"),
    [
        (say("Warfarin 5 mg daily"), "warfarin", Verdict.ENDED),
        (say("Pneumonia, on antibiotics"), "pneumonia", Verdict.ENDED),
        (say("Gout"), "gout", Verdict.NEVER),
        (say("Breast cancer"), "breast cancer", Verdict.FAMILY),
        (say("Latex: rash", section="allergies"), "latex", Verdict.NEVER),
        (say("lisinopril 10 mg daily"), "lisinopril", Verdict.WRONG_VALUE),
        (say("Creatinine 1.2"), "creatinine", Verdict.WRONG_VALUE),
        (say("No hypertension"), "hypertension", Verdict.DENIED),
        (say("Metoprolol was stopped"), "metoprolol", Verdict.NOT_SO),
        (say("No known drug allergies", section="allergies"), "none", Verdict.DENIED),
        (say("skin infection", section="problems"), "", Verdict.UNKNOWN),
    ],
)
def test_counts_a_wrong_claim(statement: ToldStatement, name: str, verdict: Verdict) -> None:
    assert claims(statement)[name] is verdict


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        (quote("Warfarin 5 mg was stopped in May."), "warfarin"),
        (say("History of pneumonia in 2020"), "pneumonia"),
        (say("Lisinopril raised from 10 mg to 20 mg"), "lisinopril"),
        (say("Creatinine 1.4, previously 1.2"), "creatinine"),
    ],
)
def test_a_claim_that_says_it_is_over_is_right(statement: ToldStatement, name: str) -> None:
    assert claims(statement)[name] is Verdict.RIGHT


def test_makes_no_claim_of_a_possibility_or_a_relative() -> None:
    assert claims(say("Possible pneumonia"), say("Mother had breast cancer")) == {}


def test_a_name_of_two_diseases_is_the_one_the_patient_has() -> None:
    other = fact("problem", "hypertensive crisis", synonyms=("hypertension",))
    found = judge_claims([say("Hypertension")], LEDGER, NameFinder([*FACTS, other]), dated=False)
    assert [(c.name, c.verdict) for c in found] == [("hypertension", Verdict.RIGHT)]


def test_a_quote_cut_from_its_denial_tells_it_as_present() -> None:
    statement = quote("latex", section="allergies")
    assert claims(statement)["latex"] is Verdict.NEVER


def test_outside_of_lists_a_dated_quote_is_read_by_its_date() -> None:
    then = say("Pneumonia on treatment", "hypertension")
    (citation,) = then.citations
    early = ToldStatement("s", then.text, (type(citation)(**_fields(citation) | {"charted_at": "2021-05-01"}),))
    listed = ToldStatement("s", then.text, early.citations, "problems")
    assert claims(early, dated=True)["pneumonia"] is Verdict.RIGHT
    assert claims(early, dated=False)["pneumonia"] is Verdict.ENDED
    assert claims(listed, dated=True)["pneumonia"] is Verdict.ENDED


def _fields(citation: object) -> dict[str, object]:
    return {name: getattr(citation, name) for name in citation.__slots__}  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "risky"), [("insulin glargine", True), ("warfarin", True), ("lisinopril", False)])
def test_knows_high_risk_drugs(name: str, *, risky: bool) -> None:
    assert is_high_risk(fact("drug", name)) is risky


def test_the_dose_in_front_of_a_drug_is_told_and_not_the_one_it_had_before() -> None:
    told = say("25 mg of metoprolol twice daily, previously 50 mg twice daily", section="medications")
    assert claims(told)["metoprolol"] is Verdict.RIGHT
    assert due("metoprolol", told) is Verdict.RIGHT
    old = say("Metoprolol 50 mg twice daily, previously 25 mg", section="medications")
    assert claims(old)["metoprolol"] is Verdict.WRONG_VALUE


def test_no_medications_is_right_where_none_is_taken_and_wrong_where_one_is() -> None:
    none = say("None.", section="medications")
    assert claims(none) == {"none": Verdict.DENIED}
    without = PatientLedger("ava", tuple(f for f in FACTS if f.kind != "drug"), LEDGER.ends)
    assert [c.verdict for c in judge_claims([none], without, NAMES, dated=False)] == [Verdict.RIGHT]
