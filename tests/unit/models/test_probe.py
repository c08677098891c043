"""Telling whether the model server is ready."""

import pytest

from chains.models import ModelProbe, ModelState, build_model, build_probe
from core.settings import LLMSettings
from tests.fakes.openai_server import FakeOpenAIServer


async def check(url: str, **kwargs: str) -> ModelState:
    probe = ModelProbe(url, **kwargs)  # type: ignore[arg-type]
    try:
        return await probe.check()
    finally:
        await probe.aclose()


async def test_names_the_model_of_a_healthy_server(server: FakeOpenAIServer) -> None:
    assert await check(server.url) == ModelState(True, "fake-model", "ready")


async def test_wants_the_named_model_to_be_served(server: FakeOpenAIServer) -> None:
    server.models = ["base", "notes-v3"]
    assert (await check(server.url, model="notes-v3")).model == "notes-v3"
    state = await check(server.url, model="notes-v4")
    assert not state.ready
    assert "notes-v4" in state.detail


async def test_an_unhealthy_server_is_not_ready(server: FakeOpenAIServer) -> None:
    server.healthy = False
    assert not (await check(server.url)).ready


async def test_a_wrong_key_is_not_ready(server: FakeOpenAIServer) -> None:
    server.api_key = "sesame"
    assert "API_KEY" in (await check(server.url, api_key="wrong")).detail
    assert (await check(server.url, api_key="sesame")).ready


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", "http://no-such-host.invalid", "", "nonsense"])
async def test_says_why_no_server_answers(url: str) -> None:
    state = await check(url)
    assert not state.ready
    assert state.detail


async def test_is_built_from_the_settings(server: FakeOpenAIServer) -> None:
    settings = LLMSettings(url=server.url, max_tokens=33)
    model, probe = build_model(settings), build_probe(settings)
    assert model is not None
    assert (await probe.check()).ready
    await model.ainvoke("hello")
    await model.aclose()
    await probe.aclose()
    assert server.requests[0]["max_tokens"] == 33
    assert build_model(LLMSettings()) is None
