"""A summary in the making or made: its events in order, for every reader there is."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.admission import Ticket
from app.runs.reader import Reader, Wish
from core.errors import AnamnesisError, DeadlineExceeded
from core.records import ChainEvent, EvidenceEvent, Summary, SummaryEvent

ALWAYS = Wish()


class Abandoned(AnamnesisError):
    """Every reader left before the summary was made."""

    code = "abandoned"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a run is about."""

    summary_id: str
    patient_id: str
    template: str


class Run:
    """Keeps every event in order, numbered from 1, and ends in a summary or in an error, the same for every reader.

    A run that nobody reads any more, and whose last reader's linger has passed, is cancelled unless it has ended.
    `reusable` says of its last event whether others may read it who come later, and `ended_as` is told when nothing
    more comes.
    """

    def __init__(
        self,
        subject: Subject,
        key: str = "",
        *,
        ticket: Ticket | None = None,
        reusable: Callable[[SummaryEvent], bool] | None = None,
        ended_as: Callable[["Run"], None] | None = None,
    ) -> None:
        self.subject = subject
        self.ticket = ticket
        self.key = key
        self.readers = 0
        self.kept = False
        self.keep: Callable[[sqlite3.Connection], None] | None = None
        self.reusable = False
        self.error: AnamnesisError | None = None
        self.ended = False
        self._events: list[ChainEvent] = []
        self._body = b""
        self._changed = asyncio.Event()
        self._is_reusable = reusable
        self._ended_as = ended_as
        self._lingering: asyncio.TimerHandle | None = None
        self._work: asyncio.Task[None] | None = None

    @classmethod
    def made(cls, subject: Subject, events: Sequence[ChainEvent], body: bytes) -> "Run":
        """A run that ended before, as it was kept."""
        run = cls(subject)
        run._events, run._body, run.kept, run.ended = list(events), body, True, True
        return run

    @property
    def events(self) -> Sequence[ChainEvent]:
        """What was made so far; the event numbered n is at n - 1."""
        return self._events

    @property
    def evidence(self) -> EvidenceEvent | None:
        """The first event, once it is there."""
        first = self._events[0] if self._events else None
        return first if isinstance(first, EvidenceEvent) else None

    @property
    def summary(self) -> Summary | None:
        """The whole summary, once it is there."""
        last = self._events[-1] if self._events else None
        return last.summary if isinstance(last, SummaryEvent) else None

    @property
    def body(self) -> bytes:
        """The summary as it is answered, streamed and kept; b"" while there is none."""
        if not self._body and self.summary:
            self._body = encode(self.summary)
        return self._body

    def publish(self, event: ChainEvent) -> None:
        """Add an event and wake every reader."""
        self._events.append(event)
        if isinstance(event, SummaryEvent) and self._is_reusable:
            self.reusable = self._is_reusable(event)
        self._wake()

    def end(self, error: AnamnesisError | None) -> None:
        """Say that nothing more comes. Without a summary, and without an error, that is one."""
        if self.ended:
            return
        if error is None and self.summary is None:
            error = AnamnesisError("the chain ended without a summary")
        self.error, self.ended = error, True
        self._stop_lingering()
        if self._ended_as:
            self._ended_as(self)
        self._wake()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Have it made by `work`, which publishes events and ends the run."""
        self._work = asyncio.create_task(work)
        # However it ends, by cancellation within too, no reader must wait for ever.
        self._work.add_done_callback(lambda _: self.end(None))

    def give_up(self, error: AnamnesisError) -> None:
        """Have every reader told so and the work cancelled; it ends at once, so that nobody joins it any more."""
        self.end(error)
        if self._work:
            self._work.cancel()

    async def cancel(self) -> None:
        """Stop the work, and wait until it has ended."""
        self._stop_lingering()
        if self._work:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    def stored(self) -> None:
        """Say that the state database holds it; how it came about need not be held here any more."""
        self.kept, self.keep = True, None
        if self.summary:
            self._events[-1] = SummaryEvent(self.summary)

    def join(self, wish: Wish = ALWAYS) -> Reader:
        """Add a reader. Until it has left the run goes on, and waits for its place as long as the reader would.

        It has the place at the reader's turn, where that comes first: nobody waits longer for joining.
        """
        self.readers += 1
        self._stop_lingering()
        if self.ticket:
            self.ticket.extend(wish.deadline)
            if wish.caller:
                self.ticket.stand_for(wish.caller)
            if wish.priority == "interactive":
                self.ticket.promote()
        return Reader(self, wish)

    async def leave(self, linger_s: float, caller: str = "") -> None:
        """Take a reader away; called by the reader itself."""
        self.readers -= 1
        if self.ticket and caller:
            self.ticket.stand_down(caller)
        if self.readers or self.ended or self.summary:
            return
        if linger_s > 0:
            self._lingering = asyncio.get_running_loop().call_later(linger_s, self._abandon)
        else:
            self._abandon()
            await self.cancel()

    async def follow(self, after: int, *, deadline: float | None = None) -> AsyncGenerator[tuple[int, ChainEvent]]:
        """The events numbered above `after`, as they come; `deadline` is in the loop's time.

        After the last the last comes again: whoever asks did not get it whole.

        Raises:
            AnamnesisError: what the run failed with.
            DeadlineExceeded: the reader's own time is up; the run does not mind.
        """
        after = min(after, len(self._events) - 1 if self.summary else len(self._events))
        while True:
            changed = self._changed
            while after < len(self._events):
                after += 1
                event = self._events[after - 1]
                yield after, event
                if isinstance(event, SummaryEvent):
                    return
            if self.error:
                raise self.error.with_traceback(None)
            if self.ended:
                return
            if after >= len(self._events):
                await _within(changed, deadline)

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _stop_lingering(self) -> None:
        if self._lingering:
            self._lingering.cancel()
            self._lingering = None

    def _abandon(self) -> None:
        self.give_up(Abandoned("every reader left"))


async def _within(changed: asyncio.Event, deadline: float | None) -> None:
    try:
        async with asyncio.timeout_at(deadline):
            await changed.wait()
    except TimeoutError:
        raise DeadlineExceeded("the summary was not finished in the time it was given") from None


def encode(summary: Summary) -> bytes:
    """The bytes that are answered, streamed and kept."""
    return orjson.dumps(summary)
