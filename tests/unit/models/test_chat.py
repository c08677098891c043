"""Asking a model server, when all goes well."""

import asyncio

import pytest
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage
from pydantic import BaseModel

from chains.models import ChatVLLM, ModelRejected
from tests.fakes.openai_server import FakeOpenAIServer


class Answer(BaseModel):
    allergies: list[str]


async def test_answers_with_text_usage_and_finish_reason(server: FakeOpenAIServer, model: ChatVLLM) -> None:
    await model.ainvoke("one two three four")
    message = await model.ainvoke("one two three five")
    assert message.content == "one two three five"
    assert message.response_metadata["finish_reason"] == "stop"
    assert message.response_metadata["model_name"] == "fake-model"
    assert message.usage_metadata == {
        "input_tokens": 4,
        "output_tokens": 4,
        "total_tokens": 8,
        "input_token_details": {"cache_read": 3},
    }


async def test_streams_the_same_answer(model: ChatVLLM) -> None:
    whole: AIMessageChunk | None = None
    async for chunk in model.astream("no known  drug allergies"):
        assert isinstance(chunk, AIMessageChunk)
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    assert whole.content == "no known  drug allergies"
    assert whole.response_metadata["finish_reason"] == "stop"
    assert whole.usage_metadata and whole.usage_metadata["input_tokens"] == 4


async def test_sends_roles_and_the_call_s_own_arguments(server: FakeOpenAIServer) -> None:
    model = ChatVLLM(base_url=server.url, max_tokens=50, temperature=0.0, stop=["\n\n"], extra={"top_k": 5})
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": Answer.model_json_schema()}}
    bound = model.bind(response_format=form, max_tokens=20, extra={"priority": 2})
    await bound.ainvoke([SystemMessage("be brief"), HumanMessage("hello")])
    await model.aclose()
    body = server.requests[0]
    assert body["messages"] == [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello"}]
    assert (body["max_tokens"], body["temperature"], body["stop"]) == (20, 0.0, ["\n\n"])
    assert (body["top_k"], body["priority"], body["response_format"]) == (5, 2, form)
    assert "stream" not in body


async def test_refuses_an_argument_that_the_server_would_ignore(model: ChatVLLM) -> None:
    with pytest.raises(TypeError, match="guided_choice"):
        await model.ainvoke("hello", guided_choice=["yes", "no"])


async def test_asks_for_the_first_listed_model_when_none_is_named(server: FakeOpenAIServer, model: ChatVLLM) -> None:
    await asyncio.gather(*(model.ainvoke(str(i)) for i in range(3)))
    assert {body["model"] for body in server.requests} == {"fake-model"}


async def test_asks_again_after_the_server_changed_its_model(server: FakeOpenAIServer, model: ChatVLLM) -> None:
    await model.ainvoke("hello")
    server.models = ["another"]
    assert (await model.ainvoke("hello")).response_metadata["model_name"] == "another"
    server.models = ["a third"]
    assert "".join([str(chunk.content) async for chunk in model.astream("hello")]) == "hello"
    assert [body["model"] for body in server.requests][-2:] == ["another", "a third"]


async def test_never_asks_for_another_model_than_the_one_that_is_named(server: FakeOpenAIServer) -> None:
    model = ChatVLLM(base_url=server.url, model="fake-model")
    server.models = ["another"]
    with pytest.raises(ModelRejected, match="does not serve"):
        await model.ainvoke("hello")
    await model.aclose()
    assert {body["model"] for body in server.requests} == {"fake-model"}


async def test_asks_for_the_adapter_before_the_model(server: FakeOpenAIServer) -> None:
    server.models = ["base", "notes-v3"]
    model = ChatVLLM(base_url=server.url, model="base", adapter="notes-v3")
    await model.ainvoke("hello")
    await model.aclose()
    assert server.requests[0]["model"] == "notes-v3"


async def test_sends_the_api_key(server: FakeOpenAIServer) -> None:
    server.api_key = "sesame"
    model = ChatVLLM(base_url=server.url, api_key="sesame")
    assert (await model.ainvoke("hello")).content == "hello"
    await model.aclose()
    assert "sesame" not in repr(model)


async def test_takes_a_base_url_with_and_without_v1(server: FakeOpenAIServer) -> None:
    for url in (server.url, server.url + "/", server.url.removesuffix("/v1")):
        model = ChatVLLM(base_url=url)
        assert (await model.ainvoke("hello")).content == "hello"
        await model.aclose()


async def test_uses_one_socket_for_requests_that_follow_each_other(server: FakeOpenAIServer, model: ChatVLLM) -> None:
    for _ in range(5):
        await model.ainvoke("hello")
        async for _chunk in model.astream("hello"):
            pass
    assert len(server.sockets) == 1


async def test_keeps_to_its_greatest_number_of_requests(server: FakeOpenAIServer) -> None:
    server.delay_s = 0.03
    model = ChatVLLM(base_url=server.url, max_concurrency=3)
    answers = await asyncio.gather(*(model.ainvoke(f"prompt {i}") for i in range(9)))
    await model.aclose()
    assert [a.content for a in answers] == [f"prompt {i}" for i in range(9)]
    assert server.most_running == 3


def test_answers_without_an_event_loop(server: FakeOpenAIServer) -> None:
    model = ChatVLLM(base_url=server.url)
    assert model.invoke("hello").content == "hello"
    chunks = list(model.stream("hello again"))
    assert "".join(str(c.content) for c in chunks) == "hello again"
    assert chunks[-1].response_metadata["finish_reason"] == "stop"


def test_leaving_a_synchronous_stream_early_closes_its_request(server: FakeOpenAIServer) -> None:
    server.behaviour = "slow"
    server.answer = lambda prompt: "word " * 200
    stream = ChatVLLM(base_url=server.url).stream("hello")
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert server.wait_until(lambda s: s.running == 0 and s.disconnects == 1)


async def test_answers_a_synchronous_call_inside_a_running_loop(server: FakeOpenAIServer, model: ChatVLLM) -> None:
    assert model.invoke("hello").content == "hello"
    assert (await model.ainvoke("and on")).content == "and on"


async def test_parses_structured_output(server: FakeOpenAIServer, model: ChatVLLM) -> None:
    server.answer = lambda prompt: '{"allergies": ["penicillin"]}'
    assert await model.with_structured_output(Answer).ainvoke("hello") == Answer(allergies=["penicillin"])
    assert await model.with_structured_output(Answer.model_json_schema()).ainvoke("x") == {"allergies": ["penicillin"]}
    assert server.requests[0]["response_format"]["json_schema"]["schema"]["required"] == ["allergies"]


async def test_hands_over_the_raw_answer_where_it_cannot_be_parsed(server: FakeOpenAIServer, model: ChatVLLM) -> None:
    server.answer = lambda prompt: '{"allergies": "pen'
    result = await model.with_structured_output(Answer, include_raw=True).ainvoke("hello")
    assert result["parsed"] is None
    assert result["parsing_error"] is not None
    assert result["raw"].content == '{"allergies": "pen'
