"""A chain at work in a task of its own, so that it ends when its reader goes, its time is up or it is done."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from app.admission import Admission, Ticket
from chains import ChainInput, SummaryChain
from core.errors import AnamnesisError, DeadlineExceeded
from core.records import ChainEvent, SummaryEvent
from core.telemetry import traits_of
from core.tracing import span

log = logging.getLogger(__name__)


async def run_chain(
    chain: SummaryChain, chain_input: ChainInput, admission: Admission, *, deadline_s: float, caller: str = ""
) -> AsyncGenerator[ChainEvent]:
    """The events of one summary, the last of them the SummaryEvent.

    The wait for a place counts towards the deadline. Closing this iterator cancels the chain and waits until it has
    ended.

    Raises:
        Overloaded, DeadlineExceeded, or what the chain raises; anything unforeseen as AnamnesisError.
    """
    events: asyncio.Queue[ChainEvent | AnamnesisError] = asyncio.Queue()
    task = asyncio.create_task(_produce(chain, chain_input, admission, deadline_s, events, caller))
    # However it ends, by cancellation within too, the reader must not wait for ever.
    task.add_done_callback(lambda _: events.put_nowait(AnamnesisError("the chain ended without a summary")))
    try:
        while True:
            event = await events.get()
            if isinstance(event, AnamnesisError):
                raise event
            yield event
            if isinstance(event, SummaryEvent):
                return
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _produce(
    chain: SummaryChain,
    chain_input: ChainInput,
    admission: Admission,
    deadline_s: float,
    events: "asyncio.Queue[ChainEvent | AnamnesisError]",
    caller: str,
) -> None:
    deadline = asyncio.timeout(deadline_s)
    ticket = Ticket(caller, deadline=asyncio.get_running_loop().time() + deadline_s)
    try:
        with span("summarize"):
            async with deadline, admission.place(ticket), aclosing(chain.astream(chain_input)) as stream:
                async for event in stream:
                    events.put_nowait(event)
    except AnamnesisError as e:
        events.put_nowait(e)
    except Exception as e:
        if isinstance(e, TimeoutError) and deadline.expired():
            events.put_nowait(DeadlineExceeded(f"the summary was not finished within {deadline_s:g} seconds"))
        else:
            log.error("the chain failed", extra=traits_of(e))
            events.put_nowait(AnamnesisError("the summary failed for a reason of the service's own"))
