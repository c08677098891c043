"""A service whose limit follows its model server."""

from functools import partial
from pathlib import Path

import pytest

from app.factory import create_app
from core.settings import LLMSettings, ServiceSettings, Settings, StateSettings
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.service import Running, eventually, shared_store, started

pytestmark = pytest.mark.integration


def page(*, waiting: int) -> str:
    return f'vllm:num_requests_running{{engine="0"}} 4\nvllm:num_requests_waiting{{engine="0"}} {waiting}\n'


async def limit_is(service: Running, limit: int) -> bool:
    return await service.metric("anamnesis_concurrency_limit") == limit


async def test_the_limit_follows_the_server_through_queues_and_outages(tmp_path: Path) -> None:
    with FakeOpenAIServer() as server:
        settings = Settings(
            state=StateSettings(dir=tmp_path / "state"),
            llm=LLMSettings(url=server.url, probe_s=0.05),
            service=ServiceSettings(min_inflight=3, max_inflight=40),
        )
        app = create_app(settings, store=shared_store())
        async with started(app, tmp_path / "state" / "state.sqlite") as service:
            # A server that does not tell its load.
            await eventually(partial(limit_is, service, 40), within_s=60)
            server.metrics_page = page(waiting=0)
            await eventually(partial(limit_is, service, 4), within_s=60)
            server.metrics_page = page(waiting=400)
            await eventually(partial(limit_is, service, 3), within_s=60)
            server.healthy = False
            await eventually(partial(limit_is, service, 2), within_s=60)
            server.healthy = True
            await eventually(partial(limit_is, service, 3), within_s=60)
            server.metrics_page = page(waiting=0)
            answer = await service.client.post("/summarize", json={"patient_id": "ava"})
    assert answer.status_code == 200
