"""Opening the stream of a summary: from its beginning, or after the last event that a reader has."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from app.audit.entry import AuditEntry
from app.event_ids import EventId
from app.frames import Frame, frames_of
from app.summarizing import Summarizer
from core.errors import SummaryNotFound
from core.records import SummaryRequest

# How long a summary goes on whose last reader has gone: long enough to come back, and the model is free in a second.
LINGER_S = 0.5


async def open_frames(
    summarizer: Summarizer,
    request: SummaryRequest,
    entry: AuditEntry,
    *,
    last: EventId | None = None,
    fresh: bool = False,
) -> AsyncGenerator[Frame]:
    """The frames of a summary. Those after `last`, if that summary is still there and is of the same patient; else,
    and without `last`, those of a summary begun now.

    Raises:
        AnamnesisError: as docs/api.md lists for POST /summarize.
    """
    if last:
        taken_up = frames_of(summarizer.resume(last.summary_id, last.number, entry, linger_s=LINGER_S), last.summary_id)
        async with aclosing(taken_up):
            try:
                async for frame in taken_up:
                    yield frame
                return
            except SummaryNotFound:
                # It is told before the first event, so nothing of it has been sent.
                pass
    begun = frames_of(summarizer.summarize(request, entry, fresh=fresh, linger_s=LINGER_S))
    async with aclosing(begun):
        async for frame in begun:
            yield frame
