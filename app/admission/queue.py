"""A bounded queue that is shared fairly among callers."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from typing import Literal, TypeAlias

from app.admission.ticket import Ticket

Refusal: TypeAlias = Literal["own_share", "full"]


class FairQueue:
    """At most `capacity` tickets, and a count of the places that each caller holds.

    Whose turn it is: the waiting caller that holds the fewest places (max-min fairness over places, so that one with
    long summaries gets no more of the model than one with short ones); among equals the one whose turn is longest
    ago, where to begin waiting counts as a turn, so that nobody gains by leaving and coming back (start-time fair
    queueing: Goyal, Vin, Cheng, SIGCOMM 1996). So one that holds nothing waits for one grant to each other caller
    at most, however many they have waiting.

    How long a caller's part of the queue may be: not longer than what is still free (dynamic thresholds with
    alpha 1: Choudhury and Hahne, IEEE/ACM Trans. Networking 6(2), 1998). One caller alone fills half of it, and there
    is room for one who comes late, even after log2(capacity) others have each put in as many as they could.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._waiting: dict[str, dict[Ticket, None]] = {}
        self._turn: dict[str, int] = {}
        self._turns = count()
        self._held: defaultdict[str, int] = defaultdict(int)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Ticket]:
        return (ticket for tickets in self._waiting.values() for ticket in tickets)

    def __contains__(self, ticket: object) -> bool:
        return isinstance(ticket, Ticket) and ticket in self._waiting.get(ticket.caller, ())

    @property
    def held(self) -> int:
        """Places held by all callers."""
        return sum(self._held.values())

    def refusal(self, caller: str) -> Refusal | None:
        """Why one more of this caller's may not wait; None where it may."""
        own, free = len(self._waiting.get(caller, ())), self._capacity - self._length
        if free > 0 and (own == 0 or own < free):
            return None
        return self.blame(caller)

    def blame(self, caller: str) -> Refusal:
        """Whether the queue is too long for this caller by its own doing: it has its equal share or more of it."""
        own = len(self._waiting.get(caller, ()))
        callers = len(self._waiting.keys() | {caller})
        return "own_share" if own and own * callers >= self._length else "full"

    def ahead(self, caller: str) -> int:
        """How many would get a place before one of this caller's that began to wait now, at most."""
        own = len(self._waiting.get(caller, ()))
        return own + sum(min(len(tickets), own + 1) for c, tickets in self._waiting.items() if c != caller)

    def put(self, ticket: Ticket) -> None:
        """Let it wait. Whether it may is for the asker to look up."""
        if ticket.caller not in self._waiting:
            self._waiting[ticket.caller] = {}
            self._turn[ticket.caller] = next(self._turns)
        self._waiting[ticket.caller][ticket] = None
        self._length += 1

    def remove(self, ticket: Ticket) -> None:
        """Take it out. Raises KeyError where it does not wait."""
        tickets = self._waiting[ticket.caller]
        del tickets[ticket]
        self._length -= 1
        if not tickets:
            del self._waiting[ticket.caller], self._turn[ticket.caller]

    def first(self) -> Ticket | None:
        """Whose turn it is; None where nobody waits."""
        if not self._waiting:
            return None
        caller = min(self._waiting, key=lambda c: (self._held.get(c, 0), self._turn[c]))
        return next(iter(self._waiting[caller]))

    def take(self, caller: str) -> None:
        """The caller got a place."""
        self._held[caller] += 1
        if caller in self._turn:
            self._turn[caller] = next(self._turns)

    def give_back(self, caller: str) -> None:
        """The caller left a place."""
        self._held[caller] -= 1
        if not self._held[caller]:
            del self._held[caller]
