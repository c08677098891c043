"""The main path: synthetic charts, the real embedder, the real service, the real model server."""

import asyncio
import json
import time
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.factory import create_app
from chains.replay.__main__ import main as replay
from core.settings import EmbeddingSettings, IndexSettings, LLMSettings, Settings, StateSettings
from ingest.__main__ import main as ingest
from ingest.synthetic.__main__ import main as make_charts
from tests.e2e.model_server import ModelServer
from tests.e2e.page_harness import serving
from tests.fakes.loopback import HEADERS, open_socket, read_events, read_message, stream
from vectorstore.embeddings import build_embeddings


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("main-path")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANAMNESIS_INDEX__DIR", str(folder / "index"))
        patch.setenv("ANAMNESIS_INGEST__QUARANTINE_DIR", str(folder / "quarantine"))
        assert make_charts(["--patients", "3", "--seed", "7", "--out", str(folder / "charts")]) == 0
        assert ingest([str(folder / "charts" / "notes.csv.gz")]) == 0
    return folder / "index"


@pytest.fixture
async def client(
    index: Path, vllm_server: ModelServer, repository: Path, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(
        index=IndexSettings(dir=index),
        state=StateSettings(dir=tmp_path / "state"),
        embedding=EmbeddingSettings(cache_dir=repository / "var/models"),
        llm=LLMSettings(url=vllm_server.url, probe_s=0.2),
    )
    with serving(create_app(settings)) as address:
        async with httpx.AsyncClient(base_url=address, timeout=120) as client:
            for _ in range(100):
                if (await client.get("/readyz")).json()["model"]["ready"]:
                    break
                await asyncio.sleep(0.2)
            yield client


async def patients(client: httpx.AsyncClient) -> list[str]:
    return [p["patient_id"] for p in (await client.get("/patients")).json()["patients"]]


def statements(summary: dict) -> list[dict]:  # type: ignore[type-arg]
    return [s for section in summary["sections"] for s in section["statements"]]


async def test_summaries_are_written_by_the_model_and_every_citation_resolves(
    client: httpx.AsyncClient, index: Path, repository: Path, tmp_path: Path
) -> None:
    modes = set()
    asked = [(p, template) for p in await patients(client) for template in ("handoff", "problem_list")]
    for patient_id, template in asked:
        answer = await client.post("/summarize", json={"patient_id": patient_id, "template": template})
        assert answer.status_code == 200
        summary = answer.json()
        modes.add(summary["mode"])
        assert summary["usage"]["prompt_tokens"] > 0
        assert statements(summary)
        for citation in [c for s in statements(summary) for c in s["citations"]]:
            note = (await client.get(f"/notes/{citation['note_id']}")).json()
            assert note["patient_id"] == patient_id
            assert note["text"][citation["start"] : citation["end"]] == citation["quote"]
    # Of a weak model most sentences are refused; that every one of six summaries loses all of them is a defect.
    assert "abstractive" in modes
    embeddings = build_embeddings(EmbeddingSettings(cache_dir=repository / "var/models"))
    options = ["--all", "--state", str(tmp_path / "state"), "--index", str(index)]
    assert await asyncio.to_thread(replay, options, embeddings=embeddings) == 0


async def test_statements_arrive_one_by_one_and_add_up_to_the_summary(client: httpx.AsyncClient) -> None:
    patient_id = (await patients(client))[0]
    events = await stream(client, {"patient_id": patient_id})
    assert events[0].name == "evidence"
    assert events[-1].name == "summary"
    arrived = [e.fields for e in events if e.name == "statement"]
    whole = statements(events[-1].fields)
    assert sorted(s["statement_id"] for s in arrived) == sorted(s["statement_id"] for s in whole)


@pytest.mark.parametrize("transport", ["events", "socket"])
async def test_a_reader_who_leaves_frees_the_model(
    client: httpx.AsyncClient, vllm_server: ModelServer, transport: str
) -> None:
    request = {"patient_id": (await patients(client))[0]}
    if transport == "events":
        async with client.stream("POST", "/summarize", json=request, headers=HEADERS) as answer:
            async for event in read_events(answer):
                if event.name == "statement":
                    break
    else:
        async with open_socket(str(client.base_url)) as connection:
            await connection.send(json.dumps(request))
            while read_message(await connection.recv()).name != "statement":
                pass
    end = time.monotonic() + 10
    while await asyncio.to_thread(_in_flight, vllm_server):
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


def _in_flight(server: ModelServer) -> float:
    with urllib.request.urlopen(f"{server.root}/metrics", timeout=10) as response:
        lines = response.read().decode().splitlines()
    series = ("vllm:num_requests_running", "vllm:num_requests_waiting{")
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(series))
