"""The paced model answers as vLLM does, at the pace it was given, and frees what nobody waits for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import orjson
import pytest
from langchain_core.messages import HumanMessage

from bench.serve.answers import answer_to
from bench.serve.paced import Answers, Engine, Pace, PacedModel
from bench.serve.readings import reading
from chains.models import ChatVLLM, ModelProbe

EVIDENCE = "Lines:\n[E1] (PLAN) Continue metformin 500 mg.\n[E2] (ASSESSMENT) Stable. (ok)\n\nSection: Plan"


def asked(schema: dict, *, max_tokens: int = 256, **more: object) -> dict:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    return {
        "messages": [{"role": "user", "content": EVIDENCE}],
        "response_format": form,
        "max_tokens": max_tokens,
        **more,
    }


IDS = {"type": "array", "items": {"enum": ["E1", "E2"]}}
COMPRESS = {"properties": {"statement": {"type": "string"}, "evidence": IDS}}
COMPOSE = {"properties": {"statements": {"type": "array", "maxItems": 2, "items": COMPRESS}}}


@asynccontextmanager
async def server(pace: Pace) -> AsyncIterator[tuple[str, Engine]]:
    engine, answers, log = Engine(pace), Answers(pace.name), []
    loop = asyncio.get_running_loop()
    connections: list[PacedModel] = []

    def connect() -> PacedModel:
        connections.append(PacedModel(engine, answers, log))
        return connections[-1]

    listening = await loop.create_server(connect, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", engine
    finally:
        listening.close()
        for connection in connections:
            if connection.transport:
                connection.transport.close()
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.005)


def test_one_statement_names_all_lines_it_was_given() -> None:
    answer = orjson.loads(answer_to(asked(COMPRESS)).text)
    assert answer == {
        "statement": "The patient has continue metformin 500 mg.; Stable. (ok)", "evidence": ["E1", "E2"],
    }  # fmt: skip


def test_a_form_without_evidence_gets_the_sentence_alone() -> None:
    form = {"properties": {"statement": {"type": "string"}}}
    assert orjson.loads(answer_to(asked(form)).text) == {
        "statement": "The patient has continue metformin 500 mg.; Stable. (ok)"
    }


def test_a_section_gets_as_many_statements_as_it_may_have() -> None:
    answer = orjson.loads(answer_to(asked(COMPOSE)).text)
    assert [s["evidence"] for s in answer["statements"]] == [["E1"], ["E2"]]


@pytest.mark.parametrize("schema", [COMPRESS, COMPOSE])
def test_an_answer_is_never_longer_than_was_asked_for_and_still_json(schema: dict) -> None:
    answer = answer_to(asked(schema, max_tokens=20))
    assert answer.tokens <= 20
    orjson.loads(answer.text)


def test_with_ignore_eos_an_answer_has_just_the_length_asked_for() -> None:
    body = asked(COMPRESS, max_tokens=64, ignore_eos=True)
    del body["response_format"]
    assert answer_to(body).tokens == 64


async def test_our_client_reads_it_whole_and_streamed_alike() -> None:
    async with server(Pace(first_s=0, per_stream=10_000)) as (url, engine):
        probe = ModelProbe(base_url=f"{url}/v1")
        assert (await probe.check()).ready
        await probe.aclose()
        llm = ChatVLLM(base_url=f"{url}/v1", max_tokens=64)
        whole = await llm.ainvoke([HumanMessage(EVIDENCE)])
        streamed = [chunk async for chunk in llm.astream([HumanMessage(EVIDENCE)])]
        await llm.aclose()
        read = await reading("", url)
    assert "".join(str(chunk.content) for chunk in streamed) == whole.content != ""
    assert whole.usage_metadata == streamed[-1].usage_metadata
    assert whole.usage_metadata is not None
    assert read.generated == 2 * whole.usage_metadata["output_tokens"]
    assert engine.running == 0


async def test_all_streams_together_keep_to_the_total() -> None:
    async with server(Pace(first_s=0, per_stream=1e6, total=200)) as (url, _):
        llm = ChatVLLM(base_url=url, max_tokens=10)
        began = asyncio.get_running_loop().time()
        answers = await asyncio.gather(*(llm.ainvoke([HumanMessage(f"{EVIDENCE}{n}")]) for n in range(6)))
        taken = asyncio.get_running_loop().time() - began
        await llm.aclose()
    tokens = sum(a.usage_metadata["output_tokens"] for a in answers if a.usage_metadata)
    assert taken >= 0.9 * tokens / 200


async def test_requests_above_the_number_of_sequences_wait_and_leave_with_their_clients() -> None:
    async with server(Pace(seqs=1, seconds=60)) as (url, engine):
        llm = ChatVLLM(base_url=url)
        tasks = [asyncio.create_task(llm.ainvoke([HumanMessage(f"{EVIDENCE}{n}")])) for n in range(3)]
        await until(lambda: engine.running + len(engine.waiting) == 3)
        assert (engine.running, len(engine.waiting)) == (1, 2)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await until(lambda: engine.running == 0)
        await llm.aclose()
    assert engine.aborted == 3 and not engine.waiting
