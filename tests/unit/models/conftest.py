"""A fake model server and a chat model that talks to it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from chains.models import ChatVLLM
from tests.fakes.openai_server import FakeOpenAIServer


@pytest.fixture
def server() -> Iterator[FakeOpenAIServer]:
    with FakeOpenAIServer() as server:
        yield server


@pytest.fixture
async def model(server: FakeOpenAIServer) -> AsyncIterator[ChatVLLM]:
    model = ChatVLLM(base_url=server.url, timeout_s=5)
    yield model
    await model.aclose()
