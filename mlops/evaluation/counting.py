"""A chat model that writes nothing of its own and remembers how long the prompts were: what a model would be billed."""

import re
from collections.abc import Callable
from typing import Any

import orjson
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

_LINE = re.compile(r"^\[(E\d+)\] (?:\([^)]*\) )?(.+)$", re.MULTILINE)


class CountingModel(BaseChatModel):
    """Answers each request for one statement with the first line it was shown, and counts prompt tokens.

    The beginning that a prompt shares with the one before it, message by message, counts as cached, as it is in a
    server with a prefix cache. `count_tokens` counts the tokens of a text.
    """

    count_tokens: Callable[[str], int]
    _before: list[str] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "counting"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        texts = [str(message.content) for message in messages]
        shared = 0
        while shared < min(len(texts), len(self._before)) and texts[shared] == self._before[shared]:
            shared += 1
        self._before = texts
        lengths = [self.count_tokens(text) for text in texts]
        lines = _LINE.findall(texts[-1])
        statement, cited = (lines[-1][1], [lines[-1][0]]) if lines else ("", [])
        answer = AIMessage(
            orjson.dumps({"statement": statement, "evidence": cited}).decode(),
            usage_metadata=UsageMetadata(
                input_tokens=sum(lengths),
                output_tokens=0,
                total_tokens=sum(lengths),
                input_token_details={"cache_read": sum(lengths[:shared])},
            ),
            response_metadata={"model_name": "counting"},
        )
        return ChatResult(generations=[ChatGeneration(message=answer)])
