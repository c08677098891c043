"""A marker is planted in a chart; it may come out in statements and quotes, and nowhere else."""

import asyncio
import gc
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from langchain_core.language_models import BaseChatModel

from app.factory import create_app
from chains.emit import Emitter
from chains.models import ChatVLLM
from chains.passages import PassageFinder
from chains.replay.__main__ import main as replay
from chains.verification import CHECKS
from core.errors import AnamnesisError, IngestFailed
from core.records import Note
from core.settings import ServiceSettings, Settings, StateSettings
from core.telemetry import JsonFormatter, TextFormatter
from ingest import work
from ingest.deidentify import PatternDetector
from ingest.job import Embedder, IngestPlan, name_inputs, run_ingest
from ingest.processing import process
from ingest.sources import resolve_input
from tests.fakes.embeddings import HashedWords
from tests.fakes.openai_server import Behaviour, FakeOpenAIServer
from tests.fakes.service import Running, ScriptedModel, events_of, started
from vectorstore.generation import Generation
from vectorstore.store import Store

pytestmark = pytest.mark.integration

TEXT = "zyqwortel"
PATIENT, NOTE, ENCOUNTER = "pzyqpatient/1", "nzyqnote/1", "ezyqstay/1"
IDS = (PATIENT, NOTE, ENCOUNTER)
OURS = ("app.", "chains.", "core.", "ingest.", "vectorstore.")
CLIENT = ("httpx", "httpcore")
EVENTS = {"accept": "text/event-stream"}
CHART = (
    f"ALLERGIES: Penicillin ({TEXT} rash).\n\nMEDICATIONS:\n- Lisinopril 10 mg PO daily for {TEXT}\n\n"
    f"HOSPITAL COURSE:\nAdmitted with {TEXT} fever and treated with ceftriaxone. The {TEXT} fever settled on day two. "
    f"Then the {TEXT} leg swelled and an ultrasound showed no clot. A {TEXT} walk was tried and stairs managed.\n\n"
    f"PROCEDURES:\nLumbar puncture for {TEXT} was done without trouble. The {TEXT} drain was removed.\n\n"
    f"PLAN:\nFollow up of {TEXT} in two weeks.\n"
)


def row(note_id: str = NOTE, patient_id: str = PATIENT, text: str = CHART, **fields: Any) -> dict[str, Any]:
    known = {"note_id": note_id, "patient_id": patient_id, "encounter_id": ENCOUNTER, "note_type": "Progress note"}
    return known | {"text": text, "charted_at": "2021-03-04"} | fields


BAD_ROWS: tuple[dict[str, Any] | str, ...] = (
    row(text=CHART + "Another one."),
    row("bad/date", charted_at=f"on {TEXT} day"),
    row("bad/empty", text="   "),
    row("bad/long", text=f"{TEXT} " * 400),
    row("bad/\x00id"),
    row("bad/patient", patient_id=""),
    row(note_id="", text=f"{TEXT} of nobody"),
    row("bad/text", text=[TEXT]),  # type: ignore[arg-type]
    row("bad/trip", text=f"trip over {TEXT}"),
    f'{{"note_id": "bad/json", "text": "{TEXT}',
    f'["{TEXT}"]',
)


@pytest.fixture
def written(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Gives every line that any logger but the test client's has written so far, in both forms.

    What our own loggers write must be safe in the hands of a formatter that is not ours, too.
    """
    caplog.set_level(logging.DEBUG)

    def lines() -> str:
        records = [r for r in caplog.get_records("setup") + caplog.records if not r.name.startswith(CLIENT)]
        assert records
        ours = [r for r in records if r.name.startswith(OURS)]
        forms = [(JsonFormatter(), records), (TextFormatter(), records), (logging.Formatter(), ours)]
        return "\n".join(form.format(r) for form, written in forms for r in written)

    return lines


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an index of one chart, made by the job from a source in which most rows are bad."""

    def trip(note: Note, source: str, **sizes: Any) -> Any:
        if "trip over" in note.text:
            raise ValueError(note.text)
        return process(note, source, **sizes)

    monkeypatch.setattr(work, "process", trip)
    ingest(tmp_path, max_bad_share=1.0)
    return tmp_path


def ingest(folder: Path, *, max_bad_share: float) -> None:
    source = folder / "source.jsonl"
    rows = [r if isinstance(r, str) else json.dumps(r) for r in (row(), *BAD_ROWS)]
    source.write_text("\n".join(rows) + "\n")
    words = HashedWords()
    inputs = name_inputs([resolve_input(source)], None)
    plan = IngestPlan(inputs, folder / "index", folder / "quarantine", chunk_tokens=64, max_note_chars=2000)
    embedder = Embedder(words.spec, words.embed, words.count_tokens)
    run_ingest(replace(plan, max_bad_share=max_bad_share), embedder=embedder, detector=PatternDetector())


Open = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
def open_service(folder: Path) -> Open:
    """Starts a service over the chart with the model it is given."""

    def start(llm: BaseChatModel | None = None) -> AbstractAsyncContextManager[Running]:
        settings = Settings(state=StateSettings(dir=folder / "state"), service=ServiceSettings(max_body_bytes=65536))
        app = create_app(settings, llm=llm, store=Store(folder / "index", HashedWords()))
        return started(app, folder / "state" / "state.sqlite")

    return start


def leaks(content: str, *secrets: str) -> list[str]:
    return [secret for secret in secrets if secret.lower() in content.lower()]


def strings_of(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string of an answer with its place; lists leave no trace in the place."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from strings_of(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from strings_of(inner, path)
    elif isinstance(value, str):
        yield path, value


def places_of_text(answer: bytes) -> set[str]:
    return {path for path, value in strings_of(orjson.loads(answer)) if leaks(value, TEXT)}


def check_problem(answer: httpx.Response, *, status: int | None = None) -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    assert status is None or answer.status_code == status
    assert leaks(answer.text, TEXT, *IDS) == []
    assert leaks(str(answer.headers), TEXT, *IDS) == []


async def check_sinks(service: Running, written: Callable[[], str], folder: Path) -> None:
    gc.collect()  # A task whose failure nobody took is reported when it is collected.
    assert leaks(written(), TEXT, *IDS, "bad/") == []
    assert leaks((await service.client.get("/metrics")).text, TEXT, *IDS) == []
    assert leaks((await service.client.get("/readyz")).text, TEXT, *IDS) == []
    for (table,) in service.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
        for record in service.rows(f"SELECT * FROM {table}"):
            # The last column is the summary itself, a reader's comment, and what a model said.
            held = record[:-1] if table in {"summaries", "feedback", "traces"} else record
            assert leaks(str(held), TEXT) == [], table
    check_reports(folder)


def check_reports(folder: Path) -> None:
    reports = list((folder / "quarantine").iterdir())
    assert reports
    for report in reports:
        assert leaks(report.read_text(), TEXT) == []
        assert report.stat().st_mode & 0o077 == 0


async def ask_all_ways(service: Running, **fields: Any) -> list[httpx.Response]:
    body = {"patient_id": PATIENT, **fields}
    whole = await service.client.post("/summarize", json=body)
    stream = await service.client.post("/summarize", json=body, headers=EVENTS)
    return [whole, stream]


def test_ingest_writes_no_text_to_reports_logs_or_errors(
    folder: Path, written: Callable[[], str], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(IngestFailed) as failure:
        ingest(folder, max_bad_share=0.1)
    error: BaseException | None = failure.value
    while error:
        assert leaks(str(error), TEXT, *IDS) == []
        error = error.__cause__ or error.__context__
    reports = [path.read_text() for path in (folder / "quarantine").iterdir()]
    assert len(reports) == 2
    check_reports(folder)
    assert {r["reason"] for r in map(json.loads, reports[0].splitlines())} >= {"bad_row", "too_long", "duplicate_id"}
    assert leaks(written() + "".join(capfd.readouterr()), TEXT, *IDS, "bad/") == []
    assert not [p for p in folder.rglob("*") if p.name.startswith(".spool")]


def answer_with_text(prompt: str) -> str:
    return json.dumps({"statement": f"Was never treated for {TEXT} 99 mg.", "evidence": ["E1"]})


@pytest.mark.parametrize("behaviour", ["normal", "garbage", "500", "400_context", "error_in_200", "not_a_completion"])
async def test_text_comes_out_in_statements_and_quotes_alone(
    open_service: Open, written: Callable[[], str], folder: Path, behaviour: Behaviour
) -> None:
    with FakeOpenAIServer(answer_with_text, behaviour=behaviour) as server:
        llm = ChatVLLM(base_url=server.url, timeout_s=5)
        async with open_service(llm) as service:
            whole, stream = await ask_all_ways(service, focus=f"Was the {TEXT} fever treated?")
            shown = ".sections.statements"
            assert places_of_text(whole.content) == {f"{shown}.text", f"{shown}.citations.quote"}
            assert len(server.requests) > 0
            for name, data in events_of(stream.text):
                assert name != "error"
                prefix = {"summary": shown, "statement": ""}.get(name, "nowhere")
                assert places_of_text(data.encode()) <= {f"{prefix}.text", f"{prefix}.citations.quote"}
            stored = whole.json()["summary_id"]
            comment = {"summary_id": stored, "verdict": "unsafe", "comment": f"What of {TEXT}?"}
            assert (await service.client.post("/feedback", json=comment)).status_code == 201
            assert leaks(stored + "".join(v for _, v in whole.headers.items()), TEXT, *IDS) == []
            await check_sinks(service, written, folder)
        await llm.aclose()


async def test_a_model_that_breaks_in_an_unforeseen_way_tells_nothing(
    open_service: Open, written: Callable[[], str], folder: Path
) -> None:
    model = ScriptedModel(error=ValueError(f"{PATIENT}: {TEXT}"))
    async with open_service(model) as service:
        whole, stream = await ask_all_ways(service)
        check_problem(whole, status=500)
        assert leaks(events_of(stream.text)[-1][1], TEXT, *IDS) == []
        assert events_of(stream.text)[-1][0] == "error"
        assert model.asked > 2
        await check_sinks(service, written, folder)


@pytest.mark.parametrize(("owner", "name"), [(Emitter, "_summary"), (PassageFinder, "groups"), (Generation, "chart")])
@pytest.mark.parametrize("error", [RuntimeError, AnamnesisError, KeyError])
async def test_a_part_of_the_chain_that_breaks_tells_nothing(
    open_service: Open,
    written: Callable[[], str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    name: str,
    error: type[Exception],
) -> None:
    message = "the index is damaged" if error is AnamnesisError else f"{PATIENT} {NOTE}: {TEXT}"

    def broken(*_args: object, **_kwargs: object) -> None:
        raise error(message)

    async with open_service() as service:
        monkeypatch.setattr(owner, name, broken)
        for answer in await ask_all_ways(service):
            if answer.status_code != 200:
                check_problem(answer, status=500)
                assert ("internal_error",) in service.rows("SELECT outcome FROM audit")
        assert ("cancelled",) not in service.rows("SELECT outcome FROM audit")
        await check_sinks(service, written, folder)


async def test_a_route_that_breaks_tells_nothing(
    open_service: Open, written: Callable[[], str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: Generation, note_id: str) -> Note:
        raise RuntimeError(f"{note_id}: {TEXT}")

    monkeypatch.setattr(Generation, "note", broken)
    async with open_service() as service:
        check_problem(await service.client.get(f"/notes/{NOTE}"), status=500)
        await check_sinks(service, written, folder)


async def test_a_replay_tells_no_text_unless_it_is_asked_for(
    open_service: Open, written: Callable[[], str], folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with FakeOpenAIServer(answer_with_text) as server:
        llm = ChatVLLM(base_url=server.url, timeout_s=5)
        async with open_service(llm) as service:
            await ask_all_ways(service)
            anew = {"cache-control": "no-cache"}
            await service.client.post("/summarize", json={"patient_id": PATIENT}, headers=anew)
            await service.client.post("/summarize", json={"patient_id": PATIENT, "template": "medications"})
            service.change("UPDATE traces SET trace = CAST('{' || trace AS BLOB) WHERE rowid = 2")
        await llm.aclose()
    options = ["--all", "--state", str(folder / "state"), "--index", str(folder / "index")]
    options += [part for name in CHECKS for part in ("--without", name)]
    for form in ([], ["--json"]):
        assert await asyncio.to_thread(replay, [*options, *form], embeddings=HashedWords()) == 1
        told = "".join(capfd.readouterr())
        assert "differs" in told and "cannot" in told
        assert leaks(told + written(), TEXT, PATIENT, ENCOUNTER) == []
        await asyncio.to_thread(replay, [*options, *form, "--text"], embeddings=HashedWords())
        assert leaks("".join(capfd.readouterr()), TEXT)


WRONG = (
    {"template": TEXT},
    {"template": f"{TEXT} "},
    {"focus": TEXT * 100},
    {"focus": [TEXT]},
    {"since": TEXT},
    {"until": f"2021-13-01 {TEXT}"},
    {"note_types": TEXT},
    {"note_types": [TEXT + "\x00"]},
    {"max_words": TEXT},
    {"require": TEXT},
    {TEXT: 1},
    {"patient_id": {TEXT: TEXT}},
    {"patient_id": PATIENT + "\x00"},
)


@pytest.mark.parametrize("fields", WRONG, ids=lambda fields: next(iter(fields)))
async def test_a_wrong_value_is_not_repeated(
    open_service: Open, written: Callable[[], str], folder: Path, fields: dict[str, Any]
) -> None:
    async with open_service() as service:
        for answer in await ask_all_ways(service, **fields):
            check_problem(answer, status=422)
        await check_sinks(service, written, folder)


async def test_what_cannot_be_found_read_or_done_is_not_repeated(
    open_service: Open, written: Callable[[], str], folder: Path
) -> None:
    async with open_service() as service:
        client = service.client
        for path in (f"/patients/{NOTE}", f"/notes/{PATIENT}", f"/summaries/{NOTE}", f"/{PATIENT}", f"/static/{NOTE}"):
            answer = await client.get(path)
            assert answer.status_code in {404, 422}
            check_problem(answer)
            check_problem(await client.put(path, content=TEXT))
        for answer in await ask_all_ways(service, patient_id=NOTE):
            check_problem(answer, status=404)
        check_problem(await client.get("/patients", params={"cursor": TEXT}), status=404)
        check_problem(await client.get("/patients", params={"limit": TEXT}), status=422)
        check_problem(await client.get("/patients", params={"q": TEXT * 100}), status=422)
        check_problem(await client.get(f"/patients/{PATIENT}", headers={"x-purpose": f"{TEXT}\t{TEXT}"}))
        check_problem(await client.post("/summarize", content=f'{{"focus": "{TEXT}'), status=422)
        check_problem(await client.post("/summarize", content=TEXT.encode() * 9000), status=413)
        check_problem(await client.post("/feedback", json={"summary_id": TEXT, "verdict": TEXT}), status=422)
        check_problem(await client.get("/patients", headers={"host": f"{TEXT}.example"}), status=403)
        await client.get(
            "/patients", params={"q": PATIENT, TEXT: TEXT}, headers={"x-request-id": f"{TEXT}!", "cookie": TEXT}
        )
        await check_sinks(service, written, folder)


async def test_ids_stand_in_the_audit_log_and_with_the_summaries_alone(
    open_service: Open, written: Callable[[], str], folder: Path
) -> None:
    async with open_service() as service:
        await ask_all_ways(service)
        await service.client.get(f"/notes/{NOTE}")
        await service.client.get(f"/patients/{PATIENT}")
        holding = {
            table
            for (table,) in service.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
            if leaks(str(service.rows(f"SELECT * FROM {table}")), *IDS)
        }
        assert holding == {"audit", "replays", "summaries", "traces"}
        await check_sinks(service, written, folder)
