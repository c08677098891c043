"""Prompts are held to the model's context before they are sent."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest
from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage

from chains.models import ChatVLLM
from chains.models.counting import Counted
from chains.models.errors import PromptTooLong
from chains.tokens import TokenBudget, budget_for
from core.errors import ModelUnavailable
from tests.fakes.openai_server import FakeOpenAIServer

OPENING = [SystemMessage("You rewrite lines.")]


@pytest.fixture
def server() -> Iterator[FakeOpenAIServer]:
    with FakeOpenAIServer() as server:
        yield server


@pytest.fixture
async def model(server: FakeOpenAIServer) -> AsyncIterator[ChatVLLM]:
    model = ChatVLLM(base_url=server.url, timeout_s=5)
    yield model
    await model.aclose()


class Words:
    """Counts words, and how often it was asked."""

    def __init__(self, context: int, *, fails: bool = False) -> None:
        self.context = context
        self.fails = fails
        self.asked = 0

    async def count(self, messages: Sequence[BaseMessage]) -> Counted:
        self.asked += 1
        if self.fails:
            raise ModelUnavailable("no route")
        return Counted(sum(len(str(m.content).split()) for m in messages), self.context)


async def budget_of(words: Words) -> TokenBudget:
    budget = TokenBudget(words.count, OPENING)
    await budget.look()
    return budget


async def test_a_short_turn_fits_without_being_counted() -> None:
    words = Words(context=200)
    budget = await budget_of(words)
    await budget.fit("[E1] No chest pain.", 96)
    assert words.asked == 1


async def test_a_turn_of_more_bytes_than_are_left_is_counted_and_may_fit_all_the_same() -> None:
    words = Words(context=200)
    budget = await budget_of(words)
    await budget.fit("pneumonoultramicroscopic " * 30, 96)
    assert words.asked == 2


async def test_a_turn_that_leaves_no_room_for_the_answer_is_refused() -> None:
    budget = await budget_of(Words(context=200))
    await budget.fit("one " * 101, 96)
    with pytest.raises(PromptTooLong, match="200 tokens"):
        await budget.fit("one " * 102, 96)


async def test_letters_of_several_bytes_are_counted_by_their_bytes() -> None:
    words = Words(context=200)
    budget = await budget_of(words)
    await budget.fit("µ" * 50, 96)
    assert words.asked == 2


@pytest.mark.parametrize("words", [Words(context=200, fails=True), Words(context=0)])
async def test_where_the_server_tells_nothing_all_fits(words: Words) -> None:
    budget = await budget_of(words)
    await budget.fit("one " * 1000, 96)
    assert words.asked == 1


async def test_a_server_that_is_silent_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(messages: Sequence[BaseMessage]) -> Counted:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr("chains.tokens._COUNT_S", 0.01)
    budget = TokenBudget(silent, OPENING)
    await budget.look()
    await budget.fit("one " * 1000, 96)


async def test_the_opening_is_not_counted_for_each_summary() -> None:
    words = Words(context=200)
    budget = await budget_of(words)
    await budget.look()
    assert words.asked == 1


async def test_a_model_without_a_server_has_no_bounds() -> None:
    budget = budget_for(FakeMessagesListChatModel(responses=[AIMessage("x")]), OPENING)
    await budget.look()
    await budget.fit("one " * 100_000, 96)


async def test_a_server_counts_with_its_own_template(server: FakeOpenAIServer, model: ChatVLLM) -> None:
    assert await model.count(OPENING) == Counted(3, server.context)


async def test_counting_waits_for_no_place_among_those_that_generate(server: FakeOpenAIServer) -> None:
    server.behaviour = "hang"
    model = ChatVLLM(base_url=server.url, model="fake-model", timeout_s=5, max_concurrency=1)
    generating = asyncio.create_task(model.ainvoke("Hello"))
    assert await asyncio.to_thread(server.wait_until, lambda s: s.running == 1)
    assert (await model.count(OPENING)).tokens == 3
    generating.cancel()
    await asyncio.gather(generating, return_exceptions=True)
    await model.aclose()


async def test_a_server_that_cannot_count_is_a_model_error(server: FakeOpenAIServer, model: ChatVLLM) -> None:
    server.context = 0
    with pytest.raises(ModelUnavailable):
        await model.count(OPENING)
