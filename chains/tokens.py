"""Holding requests to the model's context, so that the server neither refuses them nor silently writes less."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage

from chains.models import ChatVLLM
from chains.models.counting import Counted
from chains.models.errors import PromptTooLong
from core.errors import ModelUnavailable

_SLACK = 16
_LOOK_AGAIN_S = 60.0
_COUNT_S = 2.0

Count = Callable[[Sequence[BaseMessage]], Awaitable[Counted]]


class TokenBudget:
    """The context of the model that `opening` is put to. One instance serves all requests.

    The opening is counted by the server once a minute, which notices another model under the same address. A turn after
    it has at most as many tokens as bytes in UTF-8, whatever the vocabulary, since every tokenizer of a served model
    falls back to bytes: where that fits, nothing is counted. Only where it may not fit the server counts the whole.
    Without `count`, or while the server cannot count, everything fits: it refuses what is too long itself.
    """

    def __init__(self, count: Count | None, opening: Sequence[BaseMessage]) -> None:
        self._count = count
        self._opening = opening
        self._counted: Counted | None = None
        self._looked_at = -_LOOK_AGAIN_S

    async def look(self) -> None:
        """Have the opening counted, at most once a minute. Never raises."""
        if time.monotonic() - self._looked_at >= _LOOK_AGAIN_S:
            self._looked_at = time.monotonic()
            self._counted = await self._count_with("")

    async def fit(self, turn: str, max_tokens: int) -> None:
        """Make sure of `max_tokens` for the answer to opening and turn.

        Raises:
            PromptTooLong: they are not to be had.
        """
        if self._counted is None or not self._counted.context:
            return
        left = self._counted.context - max_tokens
        if self._counted.tokens + len(turn.encode(errors="replace")) + _SLACK <= left:
            return
        counted = await self._count_with(turn)
        if counted and counted.tokens > left:
            raise PromptTooLong(counted.context)

    async def _count_with(self, turn: str) -> Counted | None:
        """The tokens of opening and turn; None where the server does not say within two seconds.

        A frozen server must not hold up a summary here: of its silence the request that follows makes what is to be.
        """
        if self._count is None:
            return None
        try:
            async with asyncio.timeout(_COUNT_S):
                return await self._count([*self._opening, HumanMessage(turn)])
        except (ModelUnavailable, TimeoutError):
            return None


def budget_for(llm: BaseChatModel, opening: Sequence[BaseMessage]) -> TokenBudget:
    """The budget of a model; without bounds where it has no server to count."""
    return TokenBudget(llm.count if isinstance(llm, ChatVLLM) else None, opening)
