"""A model server that is down, slow, mad or gone."""

import asyncio
import time
import traceback

import pytest

from chains.models import ChatVLLM, ModelRejected
from core.errors import ModelUnavailable
from tests.fakes.openai_server import Behaviour, FakeOpenAIServer

MARKER = "Marker-Patient-77"


async def drain(model: ChatVLLM, prompt: str) -> str:
    return "".join([str(chunk.content) async for chunk in model.astream(prompt)])


@pytest.mark.parametrize(
    "behaviour",
    ["error_in_200", "truncated", "no_finish_reason", "garbage", "not_a_completion", "500", "503", "429", "reset"],
)
@pytest.mark.parametrize("streaming", [False, True])
async def test_an_answer_that_cannot_be_used_is_an_error(
    server: FakeOpenAIServer, model: ChatVLLM, behaviour: Behaviour, streaming: bool
) -> None:
    server.behaviour = behaviour
    server.answer = lambda prompt: f"{MARKER} takes aspirin 81 mg daily"
    with pytest.raises(ModelUnavailable) as caught:
        await (drain(model, MARKER) if streaming else model.ainvoke(MARKER))
    assert not isinstance(caught.value, ModelRejected)
    assert MARKER not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [("400_context", "8192 tokens"), ("400", "refused"), ("401", "API_KEY"), ("404", "does not serve")],
)
async def test_a_refusal_says_why_without_quoting_the_prompt(
    server: FakeOpenAIServer, model: ChatVLLM, behaviour: Behaviour, words: str
) -> None:
    server.behaviour = behaviour
    with pytest.raises(ModelRejected, match=words) as caught:
        await model.ainvoke("THE PROMPT")
    assert "THE PROMPT" not in str(caught.value)


async def test_an_unreachable_server_is_named_by_host_and_port() -> None:
    model = ChatVLLM(base_url="http://127.0.0.1:1/v1", model="m")
    with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1:1"):
        await model.ainvoke("hello")
    await model.aclose()


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_server_that_hangs_is_given_up(server: FakeOpenAIServer, streaming: bool) -> None:
    server.behaviour = "hang"
    model = ChatVLLM(base_url=server.url, model="fake-model", timeout_s=0.2)
    started = time.monotonic()
    with pytest.raises(ModelUnavailable, match=r"0\.2 s"):
        await (drain(model, "hello") if streaming else model.ainvoke("hello"))
    await model.aclose()
    assert time.monotonic() - started < 3
    assert server.wait_until(lambda s: s.running == 0 and s.disconnects == 1)


@pytest.mark.parametrize("streaming", [False, True])
async def test_cancelling_a_call_closes_its_request(server: FakeOpenAIServer, model: ChatVLLM, streaming: bool) -> None:
    server.behaviour = "hang"
    task = asyncio.ensure_future(drain(model, "hello") if streaming else model.ainvoke("hello"))
    await asyncio.to_thread(server.wait_until, lambda s: s.running == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(server.wait_until, lambda s: s.running == 0 and s.disconnects == 1)


async def test_leaving_a_stream_early_closes_its_request(server: FakeOpenAIServer, model: ChatVLLM) -> None:
    server.behaviour = "slow"
    server.answer = lambda prompt: "word " * 200
    stream = model.astream("hello")
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    assert await asyncio.to_thread(server.wait_until, lambda s: s.running == 0 and s.disconnects == 1)


async def test_a_failure_leaves_the_next_call_working(server: FakeOpenAIServer, model: ChatVLLM) -> None:
    server.script = ["error_in_200", "truncated", "garbage", "500", "503", "429"]
    for _ in range(4):
        with pytest.raises(ModelUnavailable):
            await drain(model, "hello")
    assert (await model.ainvoke("hello")).content == "hello"


async def test_a_connection_closed_while_idle_is_opened_again(server: FakeOpenAIServer, model: ChatVLLM) -> None:
    server.script = ["normal", "reset"]
    await model.ainvoke("hello")
    assert (await model.ainvoke("hello again")).content == "hello again"


async def test_an_empty_answer_is_an_answer(server: FakeOpenAIServer, model: ChatVLLM) -> None:
    server.behaviour = "empty"
    assert (await model.ainvoke("hello")).content == ""
    assert await drain(model, "hello") == ""
