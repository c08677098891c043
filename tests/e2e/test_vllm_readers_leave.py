"""Readers who leave free a real vLLM, through the service."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.e2e.at_work import at_work, reading, until_at_work
from tests.e2e.model_server import ModelServer
from tests.faults.index import build_index

FREED_S = 1.0
MARGIN_S = 1.0
"""For a test's own looks at the metrics, of a server on a busy machine."""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_index(tmp_path_factory.mktemp("readers-leave"), patients=2)


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_a_reader_who_leaves_frees_the_model_within_a_second(
    vllm_server: ModelServer, index: Path, tmp_path: Path, accept: str
) -> None:
    async with reading(tmp_path, index, vllm_server.url) as (_, client, patient):
        asking = asyncio.create_task(
            client.post("/summarize", json={"patient_id": patient}, headers={"accept": accept})
        )
        await until_at_work(vllm_server.root, asking)
        left = time.monotonic()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        while await asyncio.to_thread(at_work, vllm_server.root):
            assert time.monotonic() - left < FREED_S + MARGIN_S
            await asyncio.sleep(0.02)
