"""A service writes summaries, and they are replayed from its state folder."""

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from shutil import rmtree
from typing import Any

import orjson
import pytest

from app.factory import create_app
from chains.models import ChatVLLM
from chains.replay.__main__ import main
from chains.verification import CHECKS
from core.records import Note
from core.settings import LLMSettings, Settings, StateSettings
from tests.fakes.charts import AVA, BEN, build_store
from tests.fakes.embeddings import HashedWords
from tests.fakes.openai_server import Behaviour, FakeOpenAIServer
from tests.fakes.service import started
from vectorstore.store import Store

pytestmark = pytest.mark.integration

Write = Callable[..., Awaitable[str]]
REWRITE = "UPDATE summaries SET body = CAST(replace(CAST(body AS TEXT), ?, ?) AS BLOB)"


def faithful(prompt: str) -> str:
    """The words of the first line that is asked about, with a word of its own."""
    line = [line for line in prompt.splitlines() if line.startswith("[E1]")][-1]
    return orjson.dumps({"statement": f"Reportedly {line.partition('] ')[2]}", "evidence": ["E1"]}).decode()


def inventing(prompt: str) -> str:
    return '{"statement": "He weighs 99 kg.", "evidence": ["E1"]}'


def mixed(prompt: str) -> str:
    """Faithful at times, inventing at others, and faithful in half of its repairs, by what it is asked about."""
    return inventing(prompt) if len(prompt) % 3 == 0 else faithful(prompt)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build_store(tmp_path / "index", [*AVA, *BEN])
    return tmp_path


@pytest.fixture
def write(folder: Path) -> Write:
    """Has a service summarize, and gives the id under which it was kept."""

    async def write(
        answer: Callable[[str], str] | None = None,
        writer: str = "compress",
        *,
        context: int = 8192,
        behaviour: Behaviour = "normal",
        **fields: Any,
    ) -> str:
        state, body = folder / "state", {"patient_id": "ava", **fields}
        settings = Settings(state=StateSettings(dir=state), llm=LLMSettings(writer=writer))  # type: ignore[arg-type]
        store = Store(folder / "index", HashedWords())
        with FakeOpenAIServer(answer or faithful, behaviour=behaviour) as server:
            server.context = context
            llm = ChatVLLM(base_url=server.url, timeout_s=5) if answer else None
            async with started(create_app(settings, llm=llm, store=store), state / "state.sqlite") as service:
                made = await service.client.post("/summarize", json=body)
                assert made.status_code == 200
            if llm:
                await llm.aclose()
        return str(made.json()["summary_id"])

    return write


@pytest.fixture
def replay(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs the command in a thread without an event loop of its own; gives exit code and output."""

    async def run(*arguments: str) -> tuple[int, str]:
        import asyncio

        options = ["--state", str(folder / "state"), "--index", str(folder / "index"), *arguments]
        code = await asyncio.to_thread(main, options, embeddings=HashedWords())
        return code, capsys.readouterr().out

    return run


def change(folder: Path, sql: str, *values: Any) -> None:
    connection = sqlite3.connect(folder / "state" / "state.sqlite")
    with connection:
        assert connection.execute(sql, values).rowcount > 0
    connection.close()


def trace_of(folder: Path, summary_id: str) -> dict[str, Any]:
    connection = sqlite3.connect(folder / "state" / "state.sqlite")
    ((trace,),) = connection.execute("SELECT trace FROM traces WHERE summary_id = ?", (summary_id,)).fetchall()
    connection.close()
    return orjson.loads(trace)  # type: ignore[no-any-return]


WAYS: list[tuple[Any, str]] = [
    (None, "auto"), (faithful, "compress"), (inventing, "compress"), (mixed, "compress"), (mixed, "compose"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "writer"), WAYS)
async def test_what_a_service_wrote_is_replayed_identically(
    write: Write, replay: Any, answer: Any, writer: str
) -> None:
    summary_id = await write(answer, writer, focus="What about warfarin?")
    code, said = await replay(summary_id)
    assert said.startswith(f"{summary_id} identical (generation 1; verifier ")
    assert code == 0


@pytest.mark.parametrize("writer", ["compress", "compose"])
@pytest.mark.parametrize("context", [100, 420])
async def test_what_had_no_room_in_the_context_is_replayed_identically(
    folder: Path, write: Write, replay: Any, writer: str, context: int
) -> None:
    summary_id = await write(mixed, writer, context=context)
    assert "prompt_too_long" in {a["trouble"] for a in trace_of(folder, summary_id)["attempts"]} or context > 100
    code, said = await replay(summary_id)
    assert said.startswith(f"{summary_id} identical (generation 1; verifier ")
    assert code == 0


async def test_answers_that_were_cut_off_are_replayed_as_such(folder: Path, write: Write, replay: Any) -> None:
    summary_id = await write(lambda prompt: faithful(prompt)[:20], behaviour="length")
    trace = trace_of(folder, summary_id)
    assert all(attempt["cut_off"] for attempt in trace["attempts"])
    assert {code for g in trace["groups"] for code in g["reasons"]} == {"cut_off"}
    assert (await replay(summary_id))[1].startswith(f"{summary_id} identical (generation 1; verifier ")


async def test_a_trace_holds_what_the_model_said_and_what_shaped_it(folder: Path, write: Write) -> None:
    trace = trace_of(folder, await write(mixed, max_words=200))
    raws = [a["raw"] for a in trace["attempts"]]
    assert {a["kind"] for a in trace["attempts"]} == {"draft", "repair"}
    assert inventing("") in raws
    assert {a["model"] for a in trace["attempts"]} == {"fake-model"}
    assert all(a["usage"]["prompt_tokens"] > 0 for a in trace["attempts"])
    assert trace["request"]["max_words"] == 200
    assert trace["settings"]["prompt"]["sha256"]
    assert trace["template"]["name"] == "handoff"
    assert "api_key" not in str(trace)


async def test_a_check_left_out_is_named_by_what_passes_without_it(write: Write, replay: Any) -> None:
    summary_id = await write(lambda p: faithful(p).replace("two", "seven").replace("five", "nine"))
    code, said = await replay(summary_id, *(part for name in CHECKS for part in ("--without", name)))
    assert code == 1
    assert f"{summary_id} differs" in said
    assert "supported, was quoted" in said
    assert "refused by no check, was number number" in said
    assert (await replay(summary_id))[0] == 0


async def test_an_edited_answer_is_found_out_by_its_statement(folder: Path, write: Write, replay: Any) -> None:
    summary_id = await write(faithful)
    trace = trace_of(folder, summary_id)
    edited = next(a for a in trace["attempts"] if a["section"] == "course")
    edited["raw"] = inventing("")
    change(folder, "UPDATE traces SET trace = ? WHERE summary_id = ?", orjson.dumps(trace), summary_id)
    code, said = await replay(summary_id, "--json")
    found = orjson.loads(said)
    assert code == 1
    (statement,) = found["statements"]
    assert statement["statement_id"].startswith("course-")
    assert statement["then"]["refused_by"] == []
    assert "number" in statement["now"]["refused_by"]
    assert (statement["then"]["text"], statement["now"]["text"]) == ("", "")
    assert found["new_questions"] == 1


async def test_an_edited_summary_is_found_out(folder: Path, write: Write, replay: Any) -> None:
    summary_id = await write()
    change(folder, REWRITE, "Lisinopril", "Quinapril")
    code, said = await replay(summary_id)
    assert code == 1
    assert "stored bytes: changed since, was as answered" in said
    assert "medications-" in said


async def test_text_of_a_chart_is_shown_on_demand_alone(folder: Path, write: Write, replay: Any) -> None:
    summary_id = await write(faithful)
    change(folder, REWRITE, "Penicillin", "Peni\\u001bcillin")
    for form in ([], ["--json"]):
        _, plain = await replay(summary_id, *form)
        _, full = await replay(summary_id, "--text", *form)
        assert "cillin" not in plain
        assert "cillin" in full
        assert "\x1b" not in full


async def test_a_summary_without_a_trace_is_said_to_have_none(folder: Path, write: Write, replay: Any) -> None:
    summary_id = await write()
    change(folder, "DELETE FROM traces")
    code, said = await replay(summary_id)
    assert code == 2
    assert "cannot be replayed: it was stored without a trace" in said


async def test_a_database_of_the_release_before_traces_can_be_read(folder: Path, write: Write, replay: Any) -> None:
    summary_id = await write()
    connection = sqlite3.connect(folder / "state" / "state.sqlite")
    connection.executescript("DROP TABLE traces; PRAGMA user_version = 1;")
    connection.close()
    code, said = await replay("--all")
    assert (code, said.split()[0]) == (2, summary_id)
    assert "without a trace" in said


async def test_a_generation_that_is_gone_matters_only_where_the_chart_changed(
    folder: Path, write: Write, replay: Any
) -> None:
    ava, ben = await write(), await write(patient_id="ben")
    other = Note(AVA[0].note_id, "ava", None, "Letter", "2021-01-01", "She has gout.")
    for _ in range(4):
        build_store(folder / "index", [*AVA, *BEN])
    # Threads of the services above may hold it a moment longer, and what is held is not collected.
    rmtree(folder / "index" / "generations" / "00000001", ignore_errors=True)
    assert (await replay("--all"))[0] == 0
    said = (await replay(ava))[1]
    assert "made from generation 1, the chart is the same in 5" in said
    build_store(folder / "index", [other, *BEN])
    for _ in range(4):
        build_store(folder / "index", [other, *BEN])
    code, said = await replay(ava)
    assert code == 2
    assert "generation 1 is no longer kept, and in the live one (10) the chart has changed" in said
    assert (await replay(ben))[0] == 0


async def test_the_generation_a_summary_names_is_read_while_it_is_kept(folder: Path, write: Write, replay: Any) -> None:
    summary_id = await write(faithful)
    build_store(folder / "index", [Note("n", "ava", None, "Letter", "2021-01-01", "She has gout."), *BEN])
    code, said = await replay(summary_id)
    assert (code, "identical (generation 1;" in said) == (0, True)


async def test_all_are_replayed_and_the_worst_is_told_by_the_exit_code(folder: Path, write: Write, replay: Any) -> None:
    first, second = await write(faithful), await write()
    change(folder, "DELETE FROM traces WHERE summary_id = ?", second)
    code, said = await replay("--all")
    assert [line.split()[0] for line in said.splitlines()] == [first, second]
    assert code == 2
    assert (await replay("--all", "--json"))[1].count("\n") == 2


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"request": 1}'])
async def test_a_damaged_trace_cannot_be_replayed(folder: Path, write: Write, replay: Any, damage: bytes) -> None:
    summary_id = await write()
    change(folder, "UPDATE traces SET trace = ?", damage)
    code, said = await replay(summary_id)
    assert code == 2
    assert "not in a form this release knows" in said


async def test_an_unknown_id_a_missing_state_and_a_missing_index_are_said_plainly(
    folder: Path, write: Write, replay: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary_id = await write()
    assert (await replay("0" * 32)) == (2, f"{'0' * 32} cannot be replayed: no stored summary has this id\n")
    code, said = await replay(summary_id, "--index", str(tmp_path / "none"))
    assert (code, "there is no index in" in said) == (2, True)
    assert (await replay(summary_id, "--state", str(tmp_path / "none")))[0] == 2
