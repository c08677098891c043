"""`python -m bench.serve.pass_through`: the service, but every answer has one length, and every statement passes.

For the comparison of throughput alone. The model is asked for exactly BENCH_TOKENS tokens without a grammar
(`ignore_eos`), so that both sides of the comparison generate the same number; what it says is put into the form that
was asked for, and a verifier without checks lets it pass, so that nothing is asked twice. BENCH_SALT names a file whose
content, where it has any, becomes the requests' `cache_salt`: each stretch of load then begins with an empty prefix
cache. All else is `python -m app`. Nothing it answers is for a reader.
"""

import os
import sys
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

import chains
import chains.models
from chains.models import ChatVLLM
from chains.verification import Verifier

TOKENS, SALT = "BENCH_TOKENS", "BENCH_SALT"


class FixedLength(ChatVLLM):
    """Answers of one length, in the form that was asked for."""

    tokens: int = 32
    salt_file: str = ""

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        form = kwargs.pop("response_format", None)
        result = await super()._agenerate(messages, stop, None, **self._fixed(kwargs))
        message = result.generations[0].message
        return ChatResult(generations=[ChatGeneration(message=_formed(message, form))])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        form = kwargs.pop("response_format", None)
        text, last = "", AIMessageChunk(content="")
        async for chunk in super()._astream(messages, stop, None, **self._fixed(kwargs)):
            text += str(chunk.message.content)
            if isinstance(chunk.message, AIMessageChunk):
                last = chunk.message
        whole = _formed(last.model_copy(update={"content": text}), form)
        yield ChatGenerationChunk(message=last.model_copy(update=_copied(whole)))

    def _fixed(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        extra: dict[str, Any] = {**kwargs.pop("extra", {}), "ignore_eos": True}
        if salt := Path(self.salt_file).read_text() if self.salt_file else "":
            extra["cache_salt"] = salt
        return {**kwargs, "max_tokens": self.tokens, "extra": extra}


def _formed(message: BaseMessage, form: dict[str, Any] | None) -> AIMessage:
    properties = (form or {}).get("json_schema", {}).get("schema", {}).get("properties", {})
    words = " ".join(str(message.content).split()) or "Nothing."
    content = words
    if "statements" in properties:
        ids = properties["statements"]["items"]["properties"]["evidence"]["items"]["enum"]
        content = orjson.dumps({"statements": [{"statement": words, "evidence": ids[:1]}]}).decode()
    elif "statement" in properties:
        ids = properties["evidence"]["items"]["enum"][:1] if "evidence" in properties else None
        content = orjson.dumps({"statement": words, **({"evidence": ids} if ids else {})}).decode()
    metadata = {**message.response_metadata, "finish_reason": "stop"}
    return AIMessage(content, response_metadata=metadata, usage_metadata=getattr(message, "usage_metadata", None))


def _copied(message: AIMessage) -> dict[str, Any]:
    return {"content": message.content, "response_metadata": message.response_metadata}


def _of_fixed_length(build: Any, *arguments: Any) -> FixedLength | None:
    model = build(*arguments)
    if model is None:
        return None
    fields = {name: getattr(model, name) for name in ChatVLLM.model_fields if name != "name"}
    return FixedLength(**fields, tokens=int(os.environ[TOKENS]), salt_file=os.environ.get(SALT, ""))


def main() -> int:
    """Put the two in their places, before the service's modules look for what they replace, and serve."""
    chains.models.build_model = partial(_of_fixed_length, chains.models.build_model)
    chains.build_chain = partial(chains.build_chain, verifier=Verifier(checks={}))
    from app.__main__ import main as serve

    return serve([])


if __name__ == "__main__":
    sys.exit(main())
