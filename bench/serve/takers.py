"""`python -m bench.serve.takers HOW URL FILE AT_ONCE SECONDS`: answers by one path, in tokens and CPU seconds.

HOW is `whole` or `streamed`, by the service's own chat model, or `langchain`: prompt | ChatOpenAI | StrOutputParser,
streamed, as LangChain's documentation has it. The bodies in FILE are asked over and over, so many at once.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import orjson
from langchain_core.messages import AnyMessage, convert_to_messages
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from pydantic import SecretStr

from bench.serve.answers import CHARS_A_TOKEN
from bench.serve.replay import recorded
from chains.models import ChatVLLM


@dataclass(frozen=True, slots=True)
class Asked:
    """A recorded request as a caller of LangChain has it."""

    messages: list[AnyMessage]
    sampling: dict[str, Any]


Take = Callable[[Asked, Callable[[str], None]], Awaitable[None]]


def whole(url: str, model: str, at_once: int) -> Take:
    """The service's way: the answer at once, and its JSON read."""
    llm = ChatVLLM(base_url=url, model=model, max_concurrency=at_once)

    async def take(asked: Asked, count: Callable[[str], None]) -> None:
        answer = await llm.ainvoke(asked.messages, **asked.sampling)
        orjson.loads(str(answer.content))
        count(str(answer.content))

    return take


def streamed(url: str, model: str, at_once: int) -> Take:
    """The service's own chat model, streaming."""
    llm = ChatVLLM(base_url=url, model=model, max_concurrency=at_once)

    async def take(asked: Asked, count: Callable[[str], None]) -> None:
        async for chunk in llm.astream(asked.messages, **asked.sampling):
            count(str(chunk.content))

    return take


def langchain(url: str, model: str, _: int) -> Take:
    """The usual way."""
    from langchain_openai import ChatOpenAI  # type: ignore[import-not-found]

    llm = ChatOpenAI(base_url=url, model=model, api_key=SecretStr("none"), max_retries=0)
    prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("messages")])

    async def take(asked: Asked, count: Callable[[str], None]) -> None:
        chain = prompt | llm.bind(**asked.sampling) | StrOutputParser()
        async for text in chain.astream({"messages": asked.messages}):
            count(text)

    return take


async def run(take: Take, bodies: list[bytes], *, at_once: int, seconds: float) -> dict[str, float]:
    """Tokens and CPU seconds between a fifth of the time, when all is under way, and its end."""
    turns = cycle([_asked(body) for body in bodies])
    characters = 0

    def count(text: str) -> None:
        nonlocal characters
        characters += len(text)

    async def ask_on() -> None:
        while True:
            await take(next(turns), count)

    tasks = [asyncio.create_task(ask_on()) for _ in range(at_once)]
    await asyncio.sleep(seconds / 5)
    before, cpu, began = characters, time.process_time(), time.monotonic()
    await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    found = {
        "tokens": (characters - before) / CHARS_A_TOKEN,
        "cpu_s": time.process_time() - cpu,
        "wall_s": time.monotonic() - began,
    }
    if failed := [task for task in tasks if task.done()]:
        failed[0].result()
    return found


def _asked(body: bytes) -> Asked:
    fields = orjson.loads(body)
    sampling = {name: fields[name] for name in ("response_format", "max_tokens", "temperature") if name in fields}
    return Asked(list(convert_to_messages(fields["messages"])), sampling)  # type: ignore[arg-type]


def main(how: str, url: str, file: str, at_once: str, seconds: str) -> None:
    """Run one path and print what it took as JSON."""
    bodies = recorded(Path(file))
    take = {"whole": whole, "streamed": streamed, "langchain": langchain}[how](
        url, orjson.loads(bodies[0])["model"], int(at_once)
    )
    found = asyncio.new_event_loop().run_until_complete(run(take, bodies, at_once=int(at_once), seconds=float(seconds)))
    sys.stdout.write(orjson.dumps(found).decode() + "\n")
    sys.stdout.flush()
    # Hundreds of answers are on their way, and not every path lets itself be cancelled.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
