"""What is put before a model so that its cache holds what every request begins with."""

from chains.compose import Composer
from chains.compress import Compressor
from chains.evidence import SectionEvidence
from chains.models import ChatVLLM
from prompts import load_prompt
from tests.fakes.openai_server import FakeOpenAIServer
from tests.unit.chains.test_compose import CLINIC, PLANS, group


async def test_the_opening_of_every_request_is_primed_for_a_token_each() -> None:
    with FakeOpenAIServer() as server:
        llm = ChatVLLM(base_url=server.url, timeout_s=5)
        compressor = Compressor(llm, load_prompt("compress", "5"), max_tokens=50, temperature=0)
        composer = Composer(llm, load_prompt("compose", "2"), temperature=0)
        await compressor.prime()
        await composer.prime()
        await compressor.draft(group(0, CLINIC))
        await composer.compose(SectionEvidence(PLANS["follow_up"], (group(0, CLINIC),)))
        await llm.aclose()
    *primed, drafted, composed = server.requests
    assert [body["max_tokens"] for body in primed] == [1, 1]
    for prime, asked in zip(primed, (drafted, composed), strict=True):
        assert prime["messages"][:-1] == asked["messages"][:-1]
        shared = prime["messages"][-1]["content"].splitlines()[0]
        assert asked["messages"][-1]["content"].startswith(shared)
    assert primed[0]["response_format"] == drafted["response_format"]
