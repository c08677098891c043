"""Questions with and without an answer in the chart."""

import pytest

from core.records import Note
from mlops.evaluation.ledger import LedgerFact, PatientLedger, Span
from mlops.evaluation.questions import answerable, foreign, traces, without_facts
from tests.fakes.charts import build_store
from vectorstore.chart import Chart

TEXT = (
    "ASSESSMENT: Type 2 diabetes, well controlled. Diabetic eye exam was normal. A1c 6.9%. Gout is quiet.\n\n"
    "MEDICATIONS:\n- Metformin 500 mg twice daily\n- Allopurinol 100 mg daily\n"
)


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Chart:
    note = Note("ann/n1", "ann", None, "Progress note", "2021-06-01", TEXT)
    return build_store(tmp_path_factory.mktemp("index"), [note]).generation.chart("ann")


def fact(kind: str, name: str, words: str, *synonyms: str, correct: bool = True) -> LedgerFact:
    start = TEXT.index(words) if words else 0
    spans = (Span("ann/n1", start, start + len(words), "present", ""),) if words else ()
    return LedgerFact(f"{kind}-{name}", "ann", kind, name, synonyms, correct=correct, spans=spans)


DIABETES = fact("problem", "type 2 diabetes", "Type 2 diabetes", "T2DM")
METFORMIN = fact("drug", "metformin", "Metformin 500 mg", "Glucophage")
LEDGER = PatientLedger(
    "ann", (DIABETES, METFORMIN, fact("problem", "gout", "Gout"), fact("drug", "aspirin", "")), "2021"
)


def test_asks_after_stated_facts_alone() -> None:
    asked = answerable(LEDGER, seed=1, each=5)
    assert {q.fact.name for q in asked} == {"type 2 diabetes", "metformin", "gout"}
    assert all(any(n.lower() in q.text.lower() for n in q.fact.names) for q in asked)


def test_the_same_seed_asks_the_same() -> None:
    assert answerable(LEDGER, seed=3, each=1) == answerable(LEDGER, seed=3, each=1)


def test_a_mistake_of_the_chart_is_not_asked_after() -> None:
    wrong = PatientLedger("ann", (fact("problem", "gout", "Gout", correct=False),), "2021")
    assert answerable(wrong, seed=1, each=5) == []


def test_foreign_questions_leave_out_what_the_chart_has_any_trace_of(chart: Chart) -> None:
    others = [
        fact("drug", "allopurinol", ""),
        fact("problem", "diabetic ketoacidosis", ""),
        fact("drug", "warfarin", ""),
    ]
    assert [q.fact.name for q in foreign(LEDGER, chart, others, seed=1, each=5)] == ["warfarin"]


def test_removes_every_sentence_that_answers_and_no_other(chart: Chart) -> None:
    (left,) = without_facts(chart, LEDGER, [DIABETES, METFORMIN]).values()
    assert "Gout is quiet." in left
    assert "Allopurinol 100 mg" in left
    assert not any(word in left for word in ("diabet", "Diabet", "A1c", "Metformin"))


def test_traces_are_wider_than_the_name() -> None:
    assert traces(DIABETES).search("diabetic neuropathy")
    assert traces(fact("allergy", "sulfa drugs", "", "sulfa")).search("Bactrim DS stopped for rash")
    assert not traces(DIABETES).search("hypertension")
