"""A service over a real vLLM, and what that is at."""

import asyncio
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tests.faults.world import World, serving


@asynccontextmanager
async def reading(folder: Path, index: Path, url: str) -> AsyncIterator[tuple[World, httpx.AsyncClient, str]]:
    """A service over a model server, a client of it, and a patient."""
    with serving(folder, index, url) as world:
        async with httpx.AsyncClient(base_url=world.url, timeout=120) as client:
            patient = (await client.get("/patients")).json()["patients"][0]["patient_id"]
            yield world, client, patient


async def until_at_work(root: str, asking: "asyncio.Task[object]") -> None:
    """Wait until the engine runs requests of a summary that is being made."""
    while not await asyncio.to_thread(at_work, root):
        assert not asking.done(), "the summary was over before the model was seen at it"
        await asyncio.sleep(0.02)


def at_work(root: str) -> float:
    """Requests in the engine's batch and before it."""
    with urllib.request.urlopen(f"{root}/metrics", timeout=10) as response:
        lines = response.read().decode().splitlines()
    series = ("vllm:num_requests_running", "vllm:num_requests_waiting{")
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(series))
