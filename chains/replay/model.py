"""A model that says again what a model said."""

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from chains.asking import Question, key_in
from chains.draft import PROMPT_TOO_LONG
from chains.models.errors import PromptTooLong
from core.errors import ModelUnavailable
from core.records import Attempt, Usage


class RepeatingModel(BaseChatModel):
    """Answers each question as it was answered, whatever the words of the prompt.

    A question that was not answered then, or not asked, is ModelUnavailable. One instance serves one replay.
    """

    _answers: dict[str, deque[Attempt]] = PrivateAttr()
    _new: set[str] = PrivateAttr(default_factory=set)

    @classmethod
    def of(cls, attempts: Iterable[Attempt]) -> "RepeatingModel":
        """A model that repeats these answers."""
        model = cls()
        model._answers = defaultdict(deque)
        for attempt in attempts:
            question = Question(attempt.section, attempt.kind, attempt.evidence)
            model._answers[question.key].append(attempt)
        return model

    @property
    def new_questions(self) -> frozenset[str]:
        """Keys of the questions that were not asked when the summary was made."""
        return frozenset(self._new)

    @property
    def _llm_type(self) -> str:
        return "repeating"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._say(key_in(run_manager.metadata if run_manager else None))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._say(key_in(run_manager.metadata if run_manager else None))

    def _say(self, key: str) -> ChatResult:
        if not self._answers.get(key):
            self._new.add(key)
            raise ModelUnavailable("this was not asked when the summary was made")
        attempt = self._answers[key].popleft()
        if attempt.trouble == PROMPT_TOO_LONG:
            raise PromptTooLong(0)
        if attempt.trouble:
            raise ModelUnavailable("the model did not answer when the summary was made")
        metadata = {"model_name": attempt.model, "finish_reason": "length" if attempt.cut_off else "stop"}
        message = AIMessage(attempt.raw, response_metadata=metadata, usage_metadata=_usage(attempt.usage))
        return ChatResult(generations=[ChatGeneration(message=message)])


def _usage(usage: Usage) -> UsageMetadata:
    return UsageMetadata(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        total_tokens=usage.prompt_tokens + usage.completion_tokens,
        input_token_details=InputTokenDetails(cache_read=usage.cached_prompt_tokens),
    )
