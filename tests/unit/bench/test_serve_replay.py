"""What is recorded can be replayed, and the pass-through makes both sides of the comparison generate the same."""

import asyncio
from pathlib import Path

import orjson
import pytest
from langchain_core.messages import HumanMessage

from bench.serve.pass_through import FixedLength
from bench.serve.replay import recorded, replaying, salted
from tests.fakes.openai_server import FakeOpenAIServer

IDS = {"type": "array", "items": {"enum": ["E1", "E2"]}}
STATEMENT = {"properties": {"statement": {"type": "string"}, "evidence": IDS}}


def form(properties: dict) -> dict:
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": {"properties": properties}}}


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        (STATEMENT["properties"], {"statement": "so it is", "evidence": ["E1"]}),
        ({"statement": {"type": "string"}}, {"statement": "so it is"}),
        (
            {"statements": {"type": "array", "items": STATEMENT}},
            {"statements": [{"statement": "so it is", "evidence": ["E1"]}]},
        ),
    ],
)
async def test_whatever_is_said_gets_the_form_that_was_asked_for(
    tmp_path: Path, properties: dict, expected: dict
) -> None:
    (tmp_path / "salt").write_text("leg-1")
    with FakeOpenAIServer(lambda _: "so  it\nis") as server:
        llm = FixedLength(base_url=server.url, tokens=48, salt_file=str(tmp_path / "salt"))
        answer = await llm.ainvoke([HumanMessage("hello")], response_format=form(properties), max_tokens=96)
        await llm.aclose()
    assert orjson.loads(str(answer.content)) == expected
    assert answer.response_metadata["finish_reason"] == "stop"
    (body,) = server.requests
    assert (body["max_tokens"], body["ignore_eos"], body["cache_salt"]) == (48, True, "leg-1")
    assert "response_format" not in body


def test_priming_is_no_request_of_a_summary(tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    bodies = [orjson.dumps({"model": "m", "max_tokens": tokens}) for tokens in (1, 32)]
    file.write_bytes(b"\n".join(bodies) + b"\n")
    assert recorded(file) == [bodies[1]]
    (body,) = salted(recorded(file), "s", "other")
    assert orjson.loads(body) == {"model": "other", "max_tokens": 32, "cache_salt": "s"}


async def test_so_many_are_in_flight_over_and_over() -> None:
    body = orjson.dumps({"model": "fake-model", "messages": [{"role": "user", "content": "hello"}]})
    with FakeOpenAIServer(delay_s=0.02) as server:
        async with replaying(server.url.removesuffix("/v1"), [body], at_once=3) as wrong:
            await asyncio.to_thread(server.wait_until, lambda s: len(s.requests) > 6)
        server.wait_until(lambda s: s.running == 0)
    assert server.most_running == 3
    assert not wrong


async def test_what_the_server_refuses_is_told() -> None:
    with FakeOpenAIServer() as server:
        root = server.url.removesuffix("/v1")
        async with replaying(root, [b'{"model": "unknown", "messages": []}'], at_once=1) as wrong:
            await asyncio.to_thread(server.wait_until, lambda s: len(s.requests) > 1)
    assert wrong and set(wrong) == {"404"}
