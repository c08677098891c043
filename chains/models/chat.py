"""A LangChain chat model over vLLM's OpenAI-compatible server."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, contextmanager
from functools import partial
from operator import itemgetter
from typing import Any, TypeVar

import aiohttp
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, convert_to_openai_messages
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_json_schema
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import ConfigDict, Field, PrivateAttr, SecretStr

from chains.models.answer import Piece, read_stream, read_whole
from chains.models.connection import Connection
from chains.models.counting import Counted, read_count
from chains.models.errors import ModelInterrupted, ModelNotServed
from chains.models.guard import Guard
from core.errors import ModelUnavailable

T = TypeVar("T")

_PATH = "/v1/chat/completions"
# What LangChain itself adds to a call's arguments; none of it is for the server.
_NOT_SENT = {"stream", "ls_structured_output_format"}
_SENT = {"model", "response_format", "max_tokens", "temperature", "top_p", "seed", "stop"}


class ChatVLLM(BaseChatModel):
    """A model served by vLLM, asked over one pooled connection.

    `ainvoke` asks for the whole answer at once: that is the least work for server and client, an engine that dies
    becomes an HTTP error, and a cancelled call still closes the request. `astream` passes on text as it is read.
    Arguments of one call, or of `bind`: `response_format`, `max_tokens`, `temperature`, `top_p`, `seed`, `stop`,
    `model`, and `extra` for whatever else vLLM understands; any other name is refused, since vLLM would ignore it.

    `guard` says when the server is asked and when once more. Where no model is named and the one that was asked for is
    gone, the server is asked for its list again.

    Raises, from every call: ModelUnavailable where the server does not answer usably, ModelRejected where it refuses
    this request. Neither quotes the prompt or the answer.
    """

    model_config = ConfigDict(populate_by_name=True)

    base_url: str = "http://127.0.0.1:8001/v1"
    model: str = ""
    adapter: str = ""
    api_key: SecretStr = SecretStr("")
    timeout_s: float = Field(60.0, gt=0, alias="timeout")
    connect_timeout_s: float = Field(3.0, gt=0)
    max_concurrency: int = Field(64, ge=1)
    max_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0)
    stop: list[str] | None = None
    streaming: bool = False
    extra: dict[str, Any] = Field(default_factory=dict)
    guard: Guard = Field(default_factory=Guard, exclude=True, repr=False)

    _connection: Connection = PrivateAttr()
    _first_listed: str = PrivateAttr(default="")

    def model_post_init(self, _context: Any, /) -> None:
        """Prepare the connection; no socket is opened yet."""
        self._connection = self._connect()

    async def aclose(self) -> None:
        """Close the pooled connection."""
        await self._connection.aclose()

    async def count(self, messages: Sequence[BaseMessage]) -> Counted:
        """The tokens of a prompt, counted by the server with the model's own tokenizer and chat template.

        Raises:
            ModelUnavailable: the server does not answer, or cannot count.
        """
        name = self.adapter or self.model or await self._ask_name()
        body = {"model": name, "messages": convert_to_openai_messages(list(messages)), "add_generation_prompt": True}
        return read_count(await self._connection.ask("/tokenize", body))

    @property
    def _llm_type(self) -> str:
        return "vllm"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.adapter or self.model, "base_url": self.base_url}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop or self.stop, **kwargs)
        params["ls_provider"] = "vllm"
        params["ls_model_name"] = kwargs.get("model") or self.adapter or self.model or "first listed"
        return params

    def _connect(self) -> Connection:
        return Connection(
            self.base_url,
            api_key=self.api_key.get_secret_value(),
            timeout_s=self.timeout_s,
            connect_timeout_s=self.connect_timeout_s,
            max_concurrency=self.max_concurrency,
        )

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        body = self._body(messages, stop, kwargs)
        piece = await self.guard.whole(partial(self._whole, body))
        message = AIMessage(piece.text, response_metadata=_metadata(piece), usage_metadata=piece.usage)
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        body = self._body(messages, stop, kwargs)
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        async with aclosing(self.guard.stream(partial(self._pieces, body))) as pieces:
            async for piece in pieces:
                chunk = ChatGenerationChunk(message=_chunk(piece))
                if run_manager:
                    await run_manager.on_llm_new_token(piece.text, chunk=chunk)
                yield chunk

    async def try_out(self) -> None:
        """Have the server generate one token, whatever the guard's breaker thinks. Raises ModelUnavailable."""
        body = self._body([HumanMessage("Hello")], None, {"max_tokens": 1})
        await Guard().whole(partial(self._whole, body))

    async def _whole(self, body: dict[str, Any]) -> Piece:
        async with self._answer_to(body) as response:
            return await read_whole(response)

    async def _pieces(self, body: dict[str, Any]) -> AsyncGenerator[Piece]:
        async with self._answer_to(body) as response, aclosing(read_stream(response)) as pieces:
            async for piece in pieces:
                yield piece

    @asynccontextmanager
    async def _answer_to(self, body: dict[str, Any]) -> AsyncIterator[aiohttp.ClientResponse]:
        """The response to a body, whose model is the first listed where it names none.

        Where that one is gone and another is listed instead, asking again will do.
        """
        name = body.get("model") or await self._ask_name()
        try:
            async with self._connection.post(_PATH, body | {"model": name}) as response:
                yield response
        except ModelNotServed as e:
            if "model" in body:
                raise
            if self._first_listed == name:
                self._first_listed = ""
            if await self._ask_name() == name:
                raise
            raise ModelInterrupted("the model server no longer serves the model it listed", 0.0) from e

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with self._apart() as (twin, run):
            return run(twin._agenerate(messages, stop, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with self._apart() as (twin, run):
            chunks = twin._astream(messages, stop, **kwargs)

            async def step() -> ChatGenerationChunk | None:
                return await anext(chunks, None)

            async def leave() -> None:
                await chunks.aclose()

            try:
                while chunk := run(step()):
                    if run_manager:
                        run_manager.on_llm_new_token(str(chunk.text), chunk=chunk)
                    yield chunk
            finally:
                run(leave())

    @contextmanager
    def _apart(self) -> Iterator[tuple["ChatVLLM", Callable[[Coroutine[Any, Any, T]], T]]]:
        """A copy with a connection of its own, and a function that runs its coroutines.

        They run on a loop in another thread: the caller's may have one running, in which none can be started.
        """
        twin = self.model_copy(update={"guard": Guard()})
        twin._connection = self._connect()
        runner = asyncio.Runner()
        with ThreadPoolExecutor(1) as thread:

            def run(coroutine: Coroutine[Any, Any, T]) -> T:
                return thread.submit(runner.run, coroutine).result()

            try:
                yield twin, run
            finally:
                run(twin.aclose())
                thread.submit(runner.close).result()

    def _body(self, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]) -> dict[str, Any]:
        given = {k: v for k, v in kwargs.items() if k not in _NOT_SENT and v is not None}
        extra = self.extra | given.pop("extra", {})
        if unknown := given.keys() - _SENT:
            raise TypeError(f"ChatVLLM does not take {', '.join(sorted(unknown))}; hand it over in `extra`")
        own = {"max_tokens": self.max_tokens, "temperature": self.temperature, "stop": stop or self.stop}
        body: dict[str, Any] = {k: v for k, v in own.items() if v not in (None, [])} | extra | given
        if name := given.get("model") or self.adapter or self.model:
            body["model"] = name
        body["messages"] = convert_to_openai_messages(messages)
        return body

    async def _ask_name(self) -> str:
        """The first model the server lists; asked once, and again when that one is gone."""
        if not self._first_listed:
            names = listed(await self._connection.get("/v1/models"))
            if not names:
                raise ModelUnavailable("the model server lists no model")
            self._first_listed = names[0]
        return self._first_listed

    def with_structured_output(
        self, schema: dict[str, Any] | type, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[LanguageModelInput, Any]:
        """This model bound to answer `schema`, enforced by the server while it generates, and parsed.

        `method` and `strict` are accepted as LangChain's other models do; the server's enforcement is always used.
        """
        form = convert_to_json_schema(schema)
        parser: Any = JsonOutputParser()
        if isinstance(schema, type) and is_basemodel_subclass(schema):
            parser = PydanticOutputParser(pydantic_object=schema)
        name = str(form.get("title", "answer"))
        response_format = {"type": "json_schema", "json_schema": {"name": name, "schema": form}}
        structured_format = {"kwargs": {"method": "json_schema"}, "schema": form}
        llm = self.bind(response_format=response_format, ls_structured_output_format=structured_format)
        if not include_raw:
            parsing: Runnable[LanguageModelInput, Any] = llm | parser
            return parsing
        parsed = RunnablePassthrough.assign(parsed=itemgetter("raw") | parser, parsing_error=lambda _: None)
        failed: Runnable[Any, Any] = RunnablePassthrough.assign(parsed=lambda _: None)
        return RunnableMap(raw=llm) | parsed.with_fallbacks([failed], exception_key="parsing_error")


def listed(answer: Any) -> list[str]:
    """The names in the answer of `/v1/models`, adapters included; empty where it is no such answer."""
    entries = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(entries, list):
        return []
    return [str(entry["id"]) for entry in entries if isinstance(entry, dict) and entry.get("id")]


def _metadata(piece: Piece) -> dict[str, Any]:
    return {"finish_reason": piece.finish_reason, "model_name": piece.model, "model_provider": "vllm"}


def _chunk(piece: Piece) -> AIMessageChunk:
    if piece.finish_reason is None:
        return AIMessageChunk(content=piece.text)
    return AIMessageChunk(
        content=piece.text, response_metadata=_metadata(piece), usage_metadata=piece.usage, chunk_position="last"
    )
