"""Traces of summaries as bytes: the form in which they are kept."""

import orjson
from pydantic import TypeAdapter, ValidationError

from chains.draft import UNAVAILABLE
from core.errors import AnamnesisError
from core.records import Trace

_TRACE: TypeAdapter[Trace] = TypeAdapter(Trace)


class TraceUnreadable(AnamnesisError):
    """A stored trace that is damaged, or of a form that this release does not know."""

    code = "trace_unreadable"


def one_model_answered(trace: Trace) -> bool:
    """Whether no question was left without an answer for want of a model, and one model gave all the answers.

    A question that was too long to be asked is no such want: it would be too long again.
    """
    names = {attempt.model for attempt in trace.attempts if attempt.model}
    return len(names) <= 1 and all(attempt.trouble != UNAVAILABLE for attempt in trace.attempts)


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
