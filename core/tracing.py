"""Spans of OpenTelemetry: where the time of a summary goes. They hold times, counts and names that code gave.

Nothing but OpenTelemetry's API is used. Until the root of a process hands a tracer over nothing is recorded, and a span
costs less than a microsecond; a caller's trace still goes on to the model server.
"""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import Token
from types import TracebackType
from typing import Literal, Protocol, Self, TypeAlias, TypedDict, Unpack, cast

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from core.errors import AnamnesisError

SpanName: TypeAlias = Literal[
    "warm up", "request", "summarize", "queue", "plan", "gather", "prime", "generate", "model request", "verify"
]
Kind: TypeAlias = Literal["server", "client", "internal"]

_KINDS = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "internal": SpanKind.INTERNAL}
_W3C = TraceContextTextMapPropagator()
_tracer: Tracer | None = None


class Attributes(TypedDict, total=False):
    """All that a span may say. No value comes from a chart, or is what a caller or the model wrote."""

    template: str
    """Key of a known template."""
    section: str
    """Key of a section of a template."""
    priority: str
    cache: str
    """How a reader was served: hit, coalesced, miss, bypassed or resumed."""
    outcome: str
    """The last word on it: ok, cancelled, or the code of an error or of a refusal."""
    attempt: str
    """Of a model request: draft, repair or compose."""
    notes: int
    sections: int
    groups: int
    prompt_tokens: int
    cached_prompt_tokens: int
    completion_tokens: int
    status: int
    """Of an HTTP answer, or the code a WebSocket was closed with."""


class Spanning(Protocol):
    """What `span` gives: to be used in a `with`, once."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """End. How it was left becomes its `outcome`; of an exception only the code or the type is kept."""

    def say(self, **attributes: Unpack[Attributes]) -> None:
        """Add what is known only now."""

    def around(self) -> AbstractContextManager[None]:
        """A context in which spans and tasks begin as parts of this one; nothing is yielded from within it."""


def record_with(tracer: Tracer | None) -> None:
    """Record every span of this process with `tracer` from now on; with None, none.

    It is kept here and not in OpenTelemetry's own global place: libraries that trace themselves look there, and what
    they write into spans is theirs to say, prompts among it.
    """
    global _tracer
    _tracer = tracer


def span(
    name: SpanName, *, kind: Kind = "internal", attached: bool = True, **attributes: Unpack[Attributes]
) -> Spanning:
    """A span of time, part of the one around it.

    An async generator must not hold an `attached` one across a yield, since its reader would find itself within: it
    takes `attached=False`, and `around()` where it starts what belongs within.
    """
    return _Recorded(_tracer, name, attributes, kind, attached) if _tracer else _NOTHING


def say(**attributes: Unpack[Attributes]) -> None:
    """Add what is known only now to the span that this is within, if any."""
    if _tracer:
        get_current_span().set_attributes(_plain(attributes))


@contextmanager
def joined(traceparent: str) -> Iterator[None]:
    """Within, spans are part of the trace that a caller's `traceparent` header names, if it is one.

    Nothing else of the caller's context is taken over, neither baggage nor `tracestate`: both hold what callers please.
    """
    token = attach(_W3C.extract({"traceparent": traceparent})) if traceparent else None
    try:
        yield
    finally:
        if token is not None:
            detach(token)


def trace_headers() -> dict[str, str]:
    """The header that makes the next server's spans part of this trace; empty outside of any."""
    headers: dict[str, str] = {}
    _W3C.inject(headers)
    return headers


class _Nothing:
    __slots__ = ()
    _around = nullcontext()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def say(self, **_: Unpack[Attributes]) -> None:
        pass

    def around(self) -> AbstractContextManager[None]:
        return self._around


_NOTHING = _Nothing()


class _Recorded:
    __slots__ = ("_attached", "_span", "_token")

    def __init__(self, tracer: Tracer, name: SpanName, attributes: Attributes, kind: Kind, attached: bool) -> None:
        # Neither exceptions nor their messages are OpenTelemetry's to keep: these may quote a chart.
        self._span = tracer.start_span(
            name,
            kind=_KINDS[kind],
            attributes=_plain(attributes),
            record_exception=False,
            set_status_on_exception=False,
        )
        self._attached = attached
        self._token: Token[Context] | None = None

    def __enter__(self) -> Self:
        if self._attached:
            self._token = attach(set_span_in_context(self._span))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._token is not None:
            detach(self._token)
        if error is not None:
            _tell(self._span, error)
        self._span.end()

    def say(self, **attributes: Unpack[Attributes]) -> None:
        self._span.set_attributes(_plain(attributes))

    @contextmanager
    def around(self) -> Iterator[None]:
        token = attach(set_span_in_context(self._span))
        try:
            yield
        finally:
            detach(token)


def _plain(attributes: Attributes) -> dict[str, str | int]:
    return cast("dict[str, str | int]", attributes)


def _tell(recording: Span, error: BaseException) -> None:
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        recording.set_attribute("outcome", "cancelled")
        return
    recording.set_attribute("outcome", error.code if isinstance(error, AnamnesisError) else type(error).__name__)
    recording.set_status(Status(StatusCode.ERROR))
