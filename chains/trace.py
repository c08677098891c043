"""Traces of summaries as bytes: the form in which they are kept."""

import orjson
from pydantic import TypeAdapter, ValidationError

from core.errors import AnamnesisError
from core.records import Trace

_TRACE: TypeAdapter[Trace] = TypeAdapter(Trace)


class TraceUnreadable(AnamnesisError):
    """A stored trace that is damaged, or of a form that this release does not know."""

    code = "trace_unreadable"


def encode_trace(trace: Trace) -> bytes:
    """A trace as JSON. It holds a patient's text."""
    return orjson.dumps(trace)


def decode_trace(content: bytes) -> Trace:
    """What `encode_trace` wrote.

    Raises:
        TraceUnreadable: it is none. What it holds is not repeated.
    """
    try:
        return _TRACE.validate_json(content)
    except ValidationError as e:
        places = sorted({".".join(part for part in error["loc"] if isinstance(part, str)) for error in e.errors()})
        raise TraceUnreadable(f"the stored trace is not in a form this release knows: {', '.join(places)}") from None
