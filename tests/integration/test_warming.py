"""Summaries that are ready before anybody asks for them."""

import asyncio
from pathlib import Path

import pytest

from app.factory import create_app
from chains.models import ModelState
from core.settings import IndexSettings, ServiceSettings, Settings, StateSettings
from tests.fakes.charts import AVA, BEN, build_store
from tests.fakes.service import Running, ScriptedModel, eventually, started
from vectorstore.store import Store

pytestmark = pytest.mark.integration


def app_with(tmp_path: Path, store: Store, *patients: str, llm: ScriptedModel | None = None):  # type: ignore[no-untyped-def]
    listed = tmp_path / "warm.txt"
    listed.write_text("\n".join(["# the ward", "", *patients, patients[0]]))
    settings = Settings(
        state=StateSettings(dir=tmp_path / "state"),
        index=IndexSettings(dir=tmp_path / "index", poll_s=0.05),
        service=ServiceSettings(warm_patients_file=listed),
    )
    return started(create_app(settings, store=store, llm=llm), tmp_path / "state/state.sqlite")


async def made(service: Running, count: int) -> bool:
    return service.rows("SELECT count(*) FROM summary_cache") == [(count,)]


async def test_listed_patients_are_made_ready_and_again_when_their_chart_is_new(tmp_path: Path) -> None:
    store = build_store(tmp_path / "index", [*AVA[:1], *BEN])
    async with app_with(tmp_path, store, "ava", "ben", "gone") as service:
        await eventually(lambda: made(service, 2))
        answer = await service.client.post("/summarize", json={"patient_id": "ava"})
        assert answer.headers["server-timing"] == 'cache;desc="hit"'
        await asyncio.to_thread(build_store, tmp_path / "index", AVA)
        await eventually(lambda: made(service, 3))
        audited = service.rows(
            "SELECT caller, purpose, patient_id, count(*) FROM audit WHERE caller = 'warming' GROUP BY patient_id"
        )
        assert audited == [("warming", "warming", "ava", 4), ("warming", "warming", "ben", 2)]


async def test_a_list_that_changes_is_read_again(tmp_path: Path) -> None:
    store = build_store(tmp_path / "index", [*AVA, *BEN])
    async with app_with(tmp_path, store, "ava") as service:
        await eventually(lambda: made(service, 1))
        (tmp_path / "warm.txt").write_text("ben\n")
        await eventually(lambda: made(service, 2))


async def test_nothing_is_made_ready_without_the_model_that_is_to_write_it(tmp_path: Path) -> None:
    store = build_store(tmp_path / "index", BEN)
    async with app_with(tmp_path, store, "ben", llm=ScriptedModel(text="nonsense")) as service:
        watch = service.app.state.services.model
        await eventually(lambda: made(service, 1))
        watch._state = ModelState(False, None, "gone")
        await asyncio.sleep(0.2)
        assert await made(service, 1)
        watch._state = ModelState(True, "another", "ready")
        await eventually(lambda: made(service, 2))


async def test_a_list_that_is_not_there_for_a_while_is_read_when_it_is(tmp_path: Path) -> None:
    store = build_store(tmp_path / "index", [*AVA, *BEN])
    async with app_with(tmp_path, store, "ben") as service:
        await eventually(lambda: made(service, 1))
        (tmp_path / "warm.txt").unlink()
        await asyncio.sleep(0.2)
        (tmp_path / "warm.txt").write_text("ava")
        await eventually(lambda: made(service, 2))
