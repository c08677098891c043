"""The chain over hand-written charts in a real index."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from chains import ChainInput, SummaryChain, build_chain
from chains.models import ChatVLLM
from core.errors import InvalidRequest, ModelUnavailable
from core.records import (
    EvidenceEvent,
    Note,
    SectionEvent,
    StatementEvent,
    Summary,
    SummaryEvent,
    SummaryRequest,
    SummarySection,
)
from core.settings import LLMSettings
from core.telemetry import Metrics
from tests.fakes.charts import AVA, BEN, build_store
from tests.fakes.openai_server import FakeOpenAIServer
from vectorstore.store import Store

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return build_store(tmp_path_factory.mktemp("index"), [*AVA, *BEN])


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def extractive(metrics: Metrics) -> SummaryChain:
    return build_chain(llm=None, metrics=metrics, llm_settings=LLMSettings())


@pytest.fixture
def server() -> Iterator[FakeOpenAIServer]:
    with FakeOpenAIServer() as running:
        yield running


def ask(store: Store, patient_id: str = "ava", *, ready: bool = False, **fields: object) -> ChainInput:
    request = SummaryRequest(patient_id, **fields)
    return ChainInput(request, store.generation.chart(patient_id), "summary-1", ready)


def section(summary: Summary, key: str) -> SummarySection:
    return next(s for s in summary.sections if s.key == key)


def texts(summary: Summary, key: str) -> list[str]:
    return [s.text for s in section(summary, key).statements]


async def with_model(server: FakeOpenAIServer, chain_input: ChainInput, metrics: Metrics) -> Summary:
    llm = ChatVLLM(base_url=server.url, timeout_s=5)
    try:
        chain = build_chain(llm=llm, metrics=metrics, llm_settings=LLMSettings())
        return await chain.ainvoke(chain_input)
    finally:
        await llm.aclose()


@pytest.mark.parametrize("template", ["handoff", "discharge", "medications", "problem_list"])
async def test_every_citation_resolves_to_the_very_words(store: Store, extractive: SummaryChain, template: str) -> None:
    summary = await extractive.ainvoke(ask(store, template=template))
    cited = [c for s in summary.sections for statement in s.statements for c in statement.citations]
    assert cited
    for citation in [*cited, *(c for conflict in summary.conflicts for c in conflict.citations)]:
        note = store.generation.note(citation.note_id)
        assert note.patient_id == "ava"
        assert note.text[citation.start : citation.end] == citation.quote
    assert summary.mode == "extractive"


async def test_medications_are_those_that_hold_at_the_end(store: Store, extractive: SummaryChain) -> None:
    listed = "\n".join(texts(await extractive.ainvoke(ask(store)), "medications")).lower()
    assert "lisinopril 20 mg" in listed
    assert "furosemide 40 mg po daily" in listed
    assert "metformin 500 mg" in listed
    assert "warfarin 5 mg" not in listed
    assert "warfarin was stopped" in " ".join(listed.split())


async def test_a_changed_dose_tells_what_it_was_and_cites_both(store: Store, extractive: SummaryChain) -> None:
    summary = await extractive.ainvoke(ask(store))
    lisinopril = next(s for s in section(summary, "medications").statements if "lisinopril" in s.text.lower())
    assert "10 mg" in lisinopril.text
    assert {c.note_id for c in lisinopril.citations} == {"ava/n1", "ava/n2"}


async def test_the_family_s_illness_is_not_the_patient_s_problem(store: Store, extractive: SummaryChain) -> None:
    problems = "\n".join(texts(await extractive.ainvoke(ask(store)), "problems")).lower()
    assert "heart failure" in problems
    assert "cancer" not in problems
    assert "infarction" not in problems


async def test_allergy_code_status_and_trend_are_found(store: Store, extractive: SummaryChain) -> None:
    summary = await extractive.ainvoke(ask(store))
    assert "penicillin" in "\n".join(texts(summary, "allergies")).lower()
    assert "DNR" in "\n".join(texts(summary, "safety"))
    creatinine = next(t for t in texts(summary, "results") if "creatinine" in t.lower())
    assert "1.5" in creatinine
    assert "1.2" in creatinine


async def test_events_come_in_order_and_agree_with_the_summary(store: Store, extractive: SummaryChain) -> None:
    events = [event async for event in extractive.astream(ask(store))]
    assert isinstance(events[0], EvidenceEvent)
    assert isinstance(events[-1], SummaryEvent)
    summary = events[-1].summary
    streamed = [e.statement for e in events if isinstance(e, StatementEvent)]
    assert sorted(streamed, key=lambda s: s.statement_id) == sorted(
        (s for part in summary.sections for s in part.statements), key=lambda s: s.statement_id
    )
    done = [e.key for e in events if isinstance(e, SectionEvent)]
    assert sorted(done) == sorted(s.key for s in summary.sections)


async def test_a_window_without_notes_finds_no_evidence(store: Store, extractive: SummaryChain) -> None:
    summary = await extractive.ainvoke(ask(store, since="2030-01-01"))
    assert {s.outcome for s in summary.sections} == {"no_evidence"}
    assert summary.coverage.notes_considered == 0
    assert {s.reason for s in summary.coverage.skipped} == {"before_window"}


@pytest.mark.parametrize(
    ("focus", "expected"),
    [
        ("gastrointestinal bleeding", "bleeding"),
        ("creatinine", "creatinine"),
        ("CHF", "heart failure"),
        ("ulcer", "ulcer"),
    ],
)
async def test_a_focus_the_chart_answers_comes_first(
    store: Store, extractive: SummaryChain, focus: str, expected: str
) -> None:
    summary = await extractive.ainvoke(ask(store, focus=focus))
    assert summary.sections[0].key == "focus"
    assert any(expected in text.lower() for text in texts(summary, "focus"))


@pytest.mark.parametrize("template", ["handoff", "discharge", "medications", "problem_list"])
async def test_a_tight_limit_never_makes_found_into_not_found(
    store: Store, extractive: SummaryChain, template: str
) -> None:
    roomy = await extractive.ainvoke(ask(store, template=template, max_words=2000))
    tight = await extractive.ainvoke(ask(store, template=template, max_words=50))
    assert _found(roomy) == _found(tight)


def _found(summary: Summary) -> set[str]:
    return {s.key for s in summary.sections if s.statements}


async def test_a_focus_the_chart_does_not_answer_asks_no_model(
    store: Store, server: FakeOpenAIServer, metrics: Metrics
) -> None:
    chain_input = ask(store, ready=True, template="medications", focus="xylophone")
    summary = await with_model(server, chain_input, metrics)
    assert section(summary, "focus").outcome == "no_evidence"
    assert not any("xylophone" in str(body) for body in server.requests)


async def test_an_unknown_template_is_refused_by_name(store: Store, extractive: SummaryChain) -> None:
    with pytest.raises(InvalidRequest, match="handoff"):
        await extractive.ainvoke(ask(store, template="horoscope"))


def faithful(prompt: str) -> str:
    """Rewrites the lines almost as they stand, which every check must let pass; the very words would be a quote."""
    asked = [x for x in prompt.rpartition("no new words")[2].splitlines() if x.startswith("[E")]
    statement = "Noted: " + " ".join(x.partition("] ")[2] for x in asked)
    return orjson.dumps({"statement": statement, "evidence": [x[1:3] for x in asked]}).decode()


async def test_a_faithful_model_writes_and_is_named(store: Store, server: FakeOpenAIServer, metrics: Metrics) -> None:
    server.answer = faithful
    summary = await with_model(server, ask(store, ready=True), metrics)
    assert summary.mode == "abstractive"
    assert summary.provenance.model == "fake-model"
    assert summary.usage.prompt_tokens > 0


@pytest.mark.parametrize(
    "lie",
    [
        "The patient takes warfarin 7.5 mg daily.",
        "The patient is a 55-year-old man with a seizure disorder.",
        "I am sorry, as an AI I cannot read this.",
        "",
    ],
)
async def test_an_inventing_model_never_reaches_the_reader(
    store: Store, server: FakeOpenAIServer, metrics: Metrics, lie: str
) -> None:
    server.answer = lambda prompt: orjson.dumps({"statement": lie, "evidence": ["E1"]}).decode()
    summary = await with_model(server, ask(store, ready=True), metrics)
    shown = [s for part in summary.sections for s in part.statements]
    assert shown
    assert lie not in {s.text for s in shown}
    assert summary.mode == "extractive"
    assert section(summary, "course").statements[0].status == "quoted"


async def test_a_refused_statement_is_repaired_once(store: Store, server: FakeOpenAIServer, metrics: Metrics) -> None:
    def second_time_lucky(prompt: str) -> str:
        if "mistake to avoid" in prompt:
            return faithful(prompt)
        return '{"statement": "He weighs 99 kg.", "evidence": ["E1"]}'

    server.answer = second_time_lucky
    summary = await with_model(server, ask(store, ready=True), metrics)
    assert summary.mode == "abstractive"
    reasons = metrics.registry.get_sample_value("anamnesis_statements_refused_total", {"reason": "number"})
    assert reasons is not None
    assert reasons >= 1


@pytest.mark.parametrize("behaviour", ["garbage", "error_in_200", "500", "400_context", "reset", "empty"])
async def test_a_broken_model_leaves_the_chart_s_own_words(
    store: Store, server: FakeOpenAIServer, metrics: Metrics, behaviour: str
) -> None:
    server.behaviour = behaviour
    summary = await with_model(server, ask(store, ready=True), metrics)
    assert summary.mode == "extractive"
    assert section(summary, "course").outcome == "ok"


async def test_required_prose_that_cannot_be_had_is_an_error(
    store: Store, server: FakeOpenAIServer, metrics: Metrics
) -> None:
    server.behaviour = "500"
    with pytest.raises(ModelUnavailable):
        await with_model(server, ask(store, ready=True, require="abstractive"), metrics)


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never came true")


async def test_a_reader_who_leaves_frees_the_model(store: Store, server: FakeOpenAIServer, metrics: Metrics) -> None:
    server.behaviour = "hang"
    llm = ChatVLLM(base_url=server.url, timeout_s=30)
    chain = build_chain(llm=llm, metrics=metrics, llm_settings=LLMSettings())
    stream = chain.astream(ask(store, ready=True))
    async for event in stream:
        if isinstance(event, StatementEvent):
            break
    await _until(lambda: server.running > 0)
    await stream.aclose()
    await _until(lambda: server.running == 0)
    await llm.aclose()


async def test_tracing_stays_off_whatever_the_environment_says(
    store: Store, monkeypatch: pytest.MonkeyPatch, metrics: Metrics
) -> None:
    from langsmith.utils import tracing_is_enabled

    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    build_chain(llm=None, metrics=metrics, llm_settings=LLMSettings())
    assert not tracing_is_enabled()


def test_a_chart_cannot_reach_another_patient_s_words(store: Store) -> None:
    found = store.generation.chart("ava").retriever(k=50).invoke("xylophone secret word of his chart")
    assert found
    assert all(d.metadata["note_id"].startswith("ava/") for d in found)


async def test_two_runs_give_the_same_summary(store: Store, extractive: SummaryChain, tmp_path: Path) -> None:
    first, second = [await extractive.ainvoke(ask(store)) for _ in range(2)]
    assert first.sections == second.sections
    assert first.conflicts == second.conflicts


async def test_a_change_that_tells_the_value_before_is_not_told_twice(tmp_path: Path, extractive: SummaryChain) -> None:
    texts_of_labs = ("LABS: INR 2.5", "LABS: INR 2.5 -> 3.0")
    notes = [
        Note(f"n{day}", "dan", None, "Progress note", f"2022-01-0{day}", text)
        for day, text in enumerate(texts_of_labs, 1)
    ]
    store = build_store(tmp_path, notes)
    summary = await extractive.ainvoke(ask(store, "dan"))
    assert [t.count("2.5") for t in texts(summary, "results")] == [1]


async def test_a_chart_that_says_no_drugs_is_quoted_by_its_newest_words(
    tmp_path: Path, extractive: SummaryChain
) -> None:
    said = "# Medications\nNo Active Medications.\n\n# Plan\nPatient was given the influenza vaccine.\n"
    notes = [Note(f"n{day}", "eve", None, "Progress note", f"2022-01-0{day}", said) for day in (1, 2, 3)]
    summary = await extractive.ainvoke(ask(build_store(tmp_path, notes), "eve"))
    (statement,) = section(summary, "medications").statements
    assert statement.text == "No Active Medications"
    assert statement.citations[0].note_id == "n3"
    assert section(summary, "problems").outcome == "no_evidence"


def test_the_opening_of_a_list_is_no_statement(tmp_path: Path, extractive: SummaryChain) -> None:
    course = "HOSPITAL COURSE:\nHe improved on antibiotics and was treated with oxygen.\n\n"
    drugs = "Outpatient meds prior to admission:\n* Vitamin D daily\n"
    note = Note("k1", "kai", None, "Discharge summary", "2021-03-01", course + drugs)
    summary = extractive.invoke(ask(build_store(tmp_path, [note]), "kai", template="discharge"))
    shown = [s.text for s in section(summary, "course").statements]
    assert any("antibiotics" in text for text in shown)
    assert not any(text.endswith(":") for text in shown), shown
