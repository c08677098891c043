"""A summary as one JSON answer."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import Request, Response

from app.etag import etag_of
from app.event_stream import CLIENT_GONE, server_timing, wait_until_gone
from app.runs import NumberedEvent
from core.errors import AnamnesisError


async def answer_whole(request: Request, events: AsyncGenerator[NumberedEvent]) -> Response:
    """Wait for the whole summary, and give up when the client does."""
    making = asyncio.create_task(_last(events))
    leaving = asyncio.create_task(wait_until_gone(request.receive))
    try:
        await asyncio.wait({making, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not making.done():
            return Response(status_code=CLIENT_GONE)
        whole = making.result()
        etag = etag_of(hashlib.sha256(whole.body).hexdigest())
        headers = {"ETag": etag, "Server-Timing": server_timing(whole.lookup)}
        return Response(whole.body, media_type="application/json", headers=headers)
    finally:
        for task in (making, leaving):
            task.cancel()
        await asyncio.gather(making, leaving, return_exceptions=True)


async def _last(events: AsyncGenerator[NumberedEvent]) -> NumberedEvent:
    async with aclosing(events):
        async for numbered in events:
            if numbered.body:
                return numbered
    raise AnamnesisError("the chain ended without a summary")
