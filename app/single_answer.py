"""A summary as one JSON answer."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import Request, Response

from app.event_stream import wait_until_gone
from app.summarizing import encode
from core.errors import AnamnesisError
from core.records import ChainEvent, Summary, SummaryEvent

# nginx's number for a client that did not wait; nobody reads it but the access log.
CLIENT_GONE = 499


async def answer_whole(request: Request, events: AsyncGenerator[ChainEvent]) -> Response:
    """Wait for the whole summary, and give up when the client does."""
    making = asyncio.create_task(_last(events))
    leaving = asyncio.create_task(wait_until_gone(request.receive))
    try:
        await asyncio.wait({making, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not making.done():
            return Response(status_code=CLIENT_GONE)
        return Response(encode(making.result()), media_type="application/json")
    finally:
        for task in (making, leaving):
            task.cancel()
        await asyncio.gather(making, leaving, return_exceptions=True)


async def _last(events: AsyncGenerator[ChainEvent]) -> Summary:
    async with aclosing(events):
        async for event in events:
            if isinstance(event, SummaryEvent):
                return event.summary
    raise AnamnesisError("the chain ended without a summary")
