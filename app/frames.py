"""The events of a summary in the form that both streams carry: an id, a name and JSON (docs/api.md)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import orjson

from app.problems import count_rejection, foreseen, problem_of
from app.runs import Lookup, NumberedEvent
from core.records import ChainEvent, EvidenceEvent, SectionEvent, StatementEvent
from core.telemetry import Metrics


@dataclass(frozen=True, slots=True)
class Frame:
    """One event on the wire. `data` is JSON on one line; an error has no id, since nothing follows it.

    `lookup` tells where the summary comes from.
    """

    name: str
    data: bytes
    event_id: str = ""
    lookup: Lookup | None = None


async def frames_of(events: AsyncGenerator[NumberedEvent], summary_id: str = "") -> AsyncGenerator[Frame]:
    """The events as frames. Of a stream that begins past its first event the summary's id must be given."""
    async with aclosing(events):
        async for numbered in events:
            if isinstance(numbered.event, EvidenceEvent):
                summary_id = numbered.event.summary_id
            name, data = encode_event(numbered.event, numbered.body)
            yield Frame(name, data, f"{summary_id}-{numbered.number}", numbered.lookup)


def encode_event(event: ChainEvent, body: bytes = b"") -> tuple[str, bytes]:
    """Name and data of an event; `body` is the whole summary's data, as it is kept."""
    if isinstance(event, EvidenceEvent):
        fields = {
            "summary_id": event.summary_id,
            "sections": event.sections,
            "notes_considered": event.notes_considered,
        }
        return "evidence", orjson.dumps(fields)
    if isinstance(event, StatementEvent):
        return "statement", b'{"section":' + orjson.dumps(event.section) + b"," + orjson.dumps(event.statement)[1:]
    if isinstance(event, SectionEvent):
        return "section", orjson.dumps(event)
    return "summary", body


def error_frame(failure: Exception, *, request_id: str, metrics: Metrics) -> Frame:
    """The frame that ends a stream that failed."""
    error = foreseen(failure)
    count_rejection(metrics, error)
    return Frame("error", problem_of(error, request_id))
