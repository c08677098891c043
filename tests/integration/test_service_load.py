"""More requests than places, and a new index under way."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from app.factory import create_app
from core.settings import IndexSettings, Settings, StateSettings
from tests.fakes.charts import AVA, BEN, CHUNKING, build_store, process
from tests.fakes.embeddings import HashedWords
from tests.fakes.service import Running, ScriptedModel, eventually, running, started
from vectorstore.writer import IndexWriter

pytestmark = pytest.mark.integration
BODY = {"patient_id": "ava"}
FRESH = {"cache-control": "no-cache"}


async def serves(service: Running, generation: int) -> bool:
    """Whether that generation is live."""
    return await service.metric("anamnesis_index_generation") == generation


async def test_more_than_may_wait_are_turned_away_at_once_and_the_rest_is_answered(tmp_path: Path) -> None:
    model = ScriptedModel(delay_s=0.4)
    async with running(tmp_path, llm=model, max_inflight=1, max_queued=1) as service:
        calls = [asyncio.create_task(service.client.post("/summarize", json=BODY, headers=FRESH)) for _ in range(4)]
        await model.asked_more_than(0)
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        inflight = await service.metric("anamnesis_inflight_summaries")
        queued = await service.metric("anamnesis_queued_summaries")
        answers = await asyncio.gather(*calls)
        turned_away = [a for a in answers if a.status_code == 429]
        assert (inflight, queued) == (1, 1)
        assert sorted(a.status_code for a in answers) == [200, 200, 429, 429]
        assert {a.json()["code"] for a in turned_away} == {"overloaded"}
        assert all(int(a.headers["retry-after"]) > 0 for a in turned_away)
        assert await service.metric('anamnesis_rejected_total{reason="overloaded"}') == 2
        assert (await service.client.post("/summarize", json=BODY)).status_code == 200


async def test_a_fresh_one_is_turned_away_before_its_chart_is_looked_for(tmp_path: Path) -> None:
    async with running(tmp_path, llm=ScriptedModel(delay_s=60), max_inflight=1, max_queued=0) as service:
        call = asyncio.create_task(service.client.post("/summarize", json=BODY, headers=FRESH))
        await eventually(lambda: has_inflight(service, 1))
        nobody = {"patient_id": "nobody"}
        assert (await service.client.post("/summarize", json=nobody, headers=FRESH)).json()["code"] == "overloaded"
        assert (await service.client.post("/summarize", json=nobody)).json()["code"] == "patient_not_found"
        call.cancel()


async def has_inflight(service: Running, count: int) -> bool:
    return await service.metric("anamnesis_inflight_summaries") == count


async def test_other_requests_are_answered_while_summaries_are_made(tmp_path: Path) -> None:
    async with running(tmp_path, llm=ScriptedModel(delay_s=5), max_inflight=1) as service:
        call = asyncio.create_task(service.client.post("/summarize", json=BODY))
        await asyncio.sleep(0.1)
        assert (await asyncio.wait_for(service.client.get("/patients/ava"), 2)).status_code == 200
        call.cancel()


async def test_stopping_ends_what_is_under_way(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with running(tmp_path) as service:
        await service.client.get("/readyz")
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_a_new_generation_is_served_without_a_restart(tmp_path: Path) -> None:
    settings = Settings(
        state=StateSettings(dir=tmp_path / "state"), index=IndexSettings(dir=tmp_path / "index", poll_s=0.05)
    )
    app = create_app(settings, embeddings=HashedWords())
    async with started(app, tmp_path) as service:
        early = [await service.client.get(path) for path in ("/readyz", "/patients", "/patients/ben")]
        await asyncio.to_thread(build_store, tmp_path / "index", BEN)
        await eventually(partial(serves, service, 1))
        first = (await service.client.get("/readyz")).json()["index"]
        await asyncio.to_thread(build_store, tmp_path / "index", AVA)
        await eventually(partial(serves, service, 2))
        second = (await service.client.get("/readyz")).json()["index"]
        shown = await service.client.get("/patients/ava")
        generation = await service.metric("anamnesis_index_generation")
    assert {(a.status_code, a.json()["code"]) for a in early} == {(503, "index_unavailable")}
    assert all(int(a.headers["retry-after"]) > 0 for a in early)
    assert (first["generation"], first["patients"]) == (1, 1)
    assert (second["generation"], second["patients"], generation) == (2, 2, 2)
    assert shown.status_code == 200


async def test_an_index_of_another_embedder_is_refused_and_its_mending_noticed(tmp_path: Path) -> None:
    class Other(HashedWords):
        spec = HashedWords.spec.__class__("other", 64, "1" * 64, 256)

    other = Other()
    index = tmp_path / "index"
    build_store(index, BEN)
    settings = Settings(state=StateSettings(dir=tmp_path / "state"), index=IndexSettings(dir=index, poll_s=0.05))
    async with started(create_app(settings, embeddings=other), tmp_path) as service:
        refused = await service.client.post("/summarize", json={"patient_id": "ben"})
        alive = await service.client.get("/healthz")
        processed = [process(n) for n in BEN]
        texts = [p.note.text[c.start : c.end] for p in processed for c in p.chunks]
        with IndexWriter(index, embedding=other.spec, chunking=CHUNKING, rebuild=True) as writer:
            writer.put_patient("ben", processed, other.embed(texts))
            writer.publish()
        await eventually(partial(serves, service, 2))
        mended = await service.client.post("/summarize", json={"patient_id": "ben"})
    assert (refused.status_code, refused.json()["code"]) == (409, "index_mismatch")
    assert "make ingest" in refused.json()["detail"]
    assert (alive.status_code, mended.status_code) == (200, 200)
