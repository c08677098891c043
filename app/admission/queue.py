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
    at most, however many they have waiting. A ticket that several wait for stands in the line of each, as if each had
    asked alone; the one whose turn comes first is the one that got the place.

    How long a caller's part of the queue may be: not longer than what is still free (dynamic thresholds with
    alpha 1: Choudhury and Hahne, IEEE/ACM Trans. Networking 6(2), 1998). One caller alone fills half of it, and there
    is room for one who comes late, even after log2(capacity) others have each put in as many as they could.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._waiting: dict[str, dict[Ticket, None]] = {}
        self._filed: dict[Ticket, tuple[str, ...]] = {}
        self._turn: dict[str, int] = {}
        self._turns = count()
        self._held: defaultdict[str, int] = defaultdict(int)

    def __len__(self) -> int:
        return len(self._filed)

    def __iter__(self) -> Iterator[Ticket]:
        return iter(self._filed)

    def __contains__(self, ticket: object) -> bool:
        return ticket in self._filed

    @property
    def held(self) -> int:
        """Places held by all callers."""
        return sum(self._held.values())

    def refusal(self, caller: str) -> Refusal | None:
        """Why one more of this caller's may not wait; None where it may."""
        own, free = len(self._waiting.get(caller, ())), self._capacity - len(self)
        if free > 0 and (own == 0 or own < free):
            return None
        return self.blame(caller)

    def blame(self, caller: str) -> Refusal:
        """Whether the queue is too long for this caller by its own doing: it has its equal share or more of it."""
        own = len(self._waiting.get(caller, ()))
        callers = len(self._waiting.keys() | {caller})
        return "own_share" if own and own * callers >= sum(map(len, self._waiting.values())) else "full"

    def ahead(self, caller: str) -> int:
        """How many would get a place before one of this caller's that began to wait now, at most."""
        own = len(self._waiting.get(caller, ()))
        return own + sum(min(len(tickets), own + 1) for c, tickets in self._waiting.items() if c != caller)

    def put(self, ticket: Ticket) -> None:
        """Let it wait. Whether it may is for the asker to look up."""
        self._filed[ticket] = ()
        self.refile(ticket)

    def refile(self, ticket: Ticket) -> None:
        """Put it at the end of the lines of callers it stands for now too, and take it out of those it does not."""
        before, now = self._filed[ticket], tuple(ticket.callers)
        for caller in now:
            if caller not in before:
                self._line_up(ticket, caller)
        for caller in before:
            if caller not in now:
                self._step_out(ticket, caller)
        self._filed[ticket] = now

    def remove(self, ticket: Ticket) -> None:
        """Take it out. Raises KeyError where it does not wait."""
        for caller in self._filed.pop(ticket):
            self._step_out(ticket, caller)

    def whose_turn(self, ticket: Ticket) -> str:
        """Which of the callers it stands for comes first. Raises KeyError where it does not wait."""
        return min(self._filed[ticket], key=self._rank)

    def first(self) -> Ticket | None:
        """Whose turn it is; None where nobody waits."""
        if not self._waiting:
            return None
        return next(iter(self._waiting[min(self._waiting, key=self._rank)]))

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

    def _rank(self, caller: str) -> tuple[int, int]:
        return self._held.get(caller, 0), self._turn[caller]

    def _line_up(self, ticket: Ticket, caller: str) -> None:
        if caller not in self._waiting:
            self._waiting[caller] = {}
            self._turn[caller] = next(self._turns)
        self._waiting[caller][ticket] = None

    def _step_out(self, ticket: Ticket, caller: str) -> None:
        tickets = self._waiting[caller]
        del tickets[ticket]
        if not tickets:
            del self._waiting[caller], self._turn[caller]
