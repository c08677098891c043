"""A step of the chain that turns one stream into another."""

from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, TypeVar

from langchain_core.runnables import Runnable, RunnableConfig

In = TypeVar("In")
Out = TypeVar("Out")


class StreamStep(Runnable[In, Out], Generic[In, Out]):
    """Runs `transform` on what comes in, item by item.

    RunnableGenerator does the same, but takes each item in a task of its own, so that a stream that is left early
    finds its inner generators still running when it closes them.
    """

    def __init__(self, transform: Callable[[AsyncIterator[In]], AsyncIterator[Out]]) -> None:
        self._transform = transform

    def invoke(self, input: In, config: RunnableConfig | None = None, **kwargs: Any) -> Out:
        """Not to be had: a step has many outputs. Raises TypeError."""
        raise TypeError("a stream step can only be streamed")

    async def atransform(
        self, input: AsyncIterator[In], config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Out]:
        """The transformed stream."""
        async for item in self._transform(input):
            yield item
