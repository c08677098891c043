"""The tasks of one summary: whatever ends it ends them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_owned: ContextVar[set[asyncio.Task[Any]] | None] = ContextVar("owned", default=None)


@asynccontextmanager
async def owning_tasks() -> AsyncIterator[None]:
    """Within, and in every task begun within, tasks that `begin` made are cancelled at the end.

    A step of the chain ends its own when it is closed. That is not enough: a chain that is cancelled just as an item
    passes from one step to the next leaves the steps suspended, and they are closed when they happen to be collected.
    Until then the model would write for nobody.
    """
    tasks: set[asyncio.Task[Any]] = set()
    token = _owned.set(tasks)
    try:
        yield
    finally:
        _owned.reset(token)
        await give_up(list(tasks))


def begin(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Run `work` in a task of the summary that is being made."""
    task = asyncio.create_task(work)
    tasks = _owned.get()
    if tasks is not None:
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    return task


async def give_up(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel what is unfinished and wait until it has ended.

    A failure that nobody takes would be logged by asyncio with its message, which may quote a chart.
    """
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
