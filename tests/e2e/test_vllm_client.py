"""The chat model against the real vLLM server."""

import asyncio
import time
import urllib.request

import orjson
import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from chains.models import ChatVLLM, ModelProbe, ModelRejected
from tests.e2e.model_server import ModelServer

LONG = {"ignore_eos": True}


@pytest.fixture
async def model(vllm_server: ModelServer):  # type: ignore[no-untyped-def]
    model = ChatVLLM(base_url=vllm_server.url, max_tokens=24, temperature=0)
    yield model
    await model.aclose()


def running(server: ModelServer) -> float:
    """Requests that vLLM is working on, by its own metric."""
    with urllib.request.urlopen(f"{server.root}/metrics", timeout=10) as response:
        lines = response.read().decode().splitlines()
    values = [float(line.rpartition(" ")[2]) for line in lines if line.startswith("vllm:num_requests_running")]
    assert values
    return sum(values)


async def until_running(server: ModelServer, wanted: float, timeout_s: float) -> bool:
    end = time.monotonic() + timeout_s
    while await asyncio.to_thread(running, server) != wanted:
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.05)
    return True


async def test_answers_and_tells_why_it_ended(vllm_server: ModelServer, model: ChatVLLM) -> None:
    probe = ModelProbe(vllm_server.url)
    state = await probe.check()
    await probe.aclose()
    assert (state.ready, state.model) == (True, vllm_server.model)
    message = await model.ainvoke([SystemMessage("Answer in one word."), HumanMessage("What colour is snow?")])
    assert message.content
    assert message.response_metadata["finish_reason"] in {"stop", "length"}
    assert message.response_metadata["model_name"] == vllm_server.model
    assert message.usage_metadata and message.usage_metadata["input_tokens"] > 10


async def test_streams_what_it_answers_whole(model: ChatVLLM) -> None:
    whole = await model.ainvoke("Name three drugs for high blood pressure.", seed=1)
    chunks = [chunk async for chunk in model.astream("Name three drugs for high blood pressure.", seed=1)]
    assert "".join(str(c.content) for c in chunks) == whole.content
    assert chunks[-1].response_metadata["finish_reason"] == whole.response_metadata["finish_reason"]
    assert chunks[-1].usage_metadata is not None
    assert whole.usage_metadata is not None
    assert chunks[-1].usage_metadata["output_tokens"] == whole.usage_metadata["output_tokens"]


async def test_a_repeated_prefix_comes_from_the_cache(model: ChatVLLM) -> None:
    stable = "The patient takes aspirin 81 mg daily and metoprolol 25 mg twice daily. " * 20
    await model.ainvoke(stable + "Name the first drug.")
    second = await model.ainvoke(stable + "Name the second drug.")
    assert second.usage_metadata is not None
    assert second.usage_metadata["input_token_details"]["cache_read"] >= 128


async def test_structured_output_has_the_form_asked_for(model: ChatVLLM) -> None:
    schema = {
        "type": "object",
        "properties": {
            "ids": {"type": "array", "items": {"enum": ["E1", "E2"]}, "maxItems": 2},
            "text": {"type": "string", "maxLength": 80},
        },
        "required": ["ids", "text"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "statement", "schema": schema}}
    bound = model.bind(response_format=form, max_tokens=120)
    message = await bound.ainvoke("E1: aspirin 81 mg daily. E2: no known allergies. Write one statement as JSON.")
    answer = orjson.loads(str(message.content))
    assert set(answer) == {"ids", "text"}
    assert set(answer["ids"]) <= {"E1", "E2"}


async def test_sixteen_requests_run_together(model: ChatVLLM) -> None:
    answers = await asyncio.gather(*(model.ainvoke(f"Count to {i + 3}.") for i in range(16)))
    assert all(answer.content for answer in answers)


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_cancelled_call_frees_its_request(vllm_server: ModelServer, model: ChatVLLM, streaming: bool) -> None:
    async def call() -> None:
        if not streaming:
            await model.ainvoke("Tell a story.", max_tokens=4000, extra=LONG)
            return
        async for _ in model.astream("Tell a story.", max_tokens=4000, extra=LONG):
            pass

    task = asyncio.create_task(call())
    assert await until_running(vllm_server, 1, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await until_running(vllm_server, 0, 5)


async def test_a_prompt_over_the_context_is_refused_with_its_size(model: ChatVLLM) -> None:
    with pytest.raises(ModelRejected, match="8192 tokens"):
        await model.ainvoke("word " * 9000)


async def test_an_adapter_that_is_not_loaded_is_refused(vllm_server: ModelServer) -> None:
    model = ChatVLLM(base_url=vllm_server.url, adapter="notes-v9")
    with pytest.raises(ModelRejected, match="does not serve"):
        await model.ainvoke("hello")
    await model.aclose()


def test_answers_without_an_event_loop(vllm_server: ModelServer) -> None:
    assert ChatVLLM(base_url=vllm_server.url, max_tokens=4).invoke("Say yes.").content
