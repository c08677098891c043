"""A queue that callers share fairly."""

from collections import Counter, deque
from math import log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.admission.queue import FairQueue
from app.admission.ticket import Ticket

NAMES = "abcde"
# What happens: a caller asks, a place comes free for whoever's turn it is, a caller leaves a place, one gives up.
HAPPENINGS = st.lists(st.tuples(st.sampled_from(["ask", "grant", "leave", "give_up"]), st.sampled_from(NAMES)))


def grant(queue: FairQueue) -> str:
    ticket = queue.first()
    assert ticket is not None
    queue.remove(ticket)
    queue.take(ticket.caller)
    return ticket.caller


def order(asked: str, *, held: str = "") -> str:
    """The order in which those who asked are served, if each place is kept."""
    queue = FairQueue(100)
    for caller in held:
        queue.take(caller)
    for caller in asked:
        queue.put(Ticket(caller))
    return "".join(grant(queue) for _ in asked)


def test_callers_take_turns_however_many_each_has_waiting() -> None:
    assert order("aaaabbc") == "abcabaa"


def test_one_that_holds_fewer_places_comes_first() -> None:
    assert order("aab", held="aa") == "baa"
    assert order("aaabbb", held="a") == "bababa"


def test_a_caller_that_leaves_and_comes_back_begins_at_the_end() -> None:
    queue = FairQueue(10)
    first = Ticket("a")
    queue.put(first)
    queue.put(Ticket("b"))
    queue.remove(first)
    queue.put(Ticket("a"))
    assert [grant(queue), grant(queue)] == ["b", "a"]


def test_a_callers_own_are_served_in_the_order_of_asking() -> None:
    queue = FairQueue(10)
    tickets = [Ticket("a") for _ in range(3)]
    for ticket in tickets:
        queue.put(ticket)
    queue.remove(tickets[0])
    assert queue.first() is tickets[1]


@settings(deadline=None)
@given(HAPPENINGS)
def test_no_place_goes_past_a_caller_that_holds_fewer(happenings: list[tuple[str, str]]) -> None:
    queue, held = FairQueue(1000), Counter[str]()
    for what, caller in happenings:
        own = [t for t in queue if t.caller == caller]
        if what == "ask":
            queue.put(Ticket(caller))
        elif what == "leave" and held[caller]:
            queue.give_back(caller)
            held[caller] -= 1
        elif what == "give_up" and own:
            queue.remove(own[-1])
        elif what == "grant" and len(queue):
            fewest = min(held[t.caller] for t in queue)
            served = grant(queue)
            assert held[served] == fewest
            held[served] += 1
        assert queue.held == held.total()
        assert len(queue) == len(list(queue))


@settings(deadline=None)
@given(HAPPENINGS, st.lists(st.sampled_from(NAMES), max_size=30))
def test_a_caller_without_a_place_waits_for_one_grant_to_each_other_caller_at_most(
    happenings: list[tuple[str, str]], asked: list[str]
) -> None:
    queue, held = FairQueue(1000), Counter[str]()
    for caller in asked:
        queue.put(Ticket(caller))
    queue.put(Ticket("late"))
    passed_by = 0
    for what, caller in happenings:
        if what == "ask":
            queue.put(Ticket(caller))
        elif what == "leave" and held[caller]:
            queue.give_back(caller)
            held[caller] -= 1
        elif what == "grant":
            served = grant(queue)
            if served == "late":
                break
            held[served] += 1
            passed_by += 1
    assert passed_by <= len(NAMES)


@pytest.mark.parametrize(("capacity", "let_in"), [(0, 0), (1, 1), (2, 1), (64, 32)])
def test_one_caller_alone_fills_half_of_the_queue(capacity: int, let_in: int) -> None:
    queue = FairQueue(capacity)
    while queue.refusal("a") is None:
        queue.put(Ticket("a"))
    assert len(queue) == let_in


@settings(deadline=None)
@given(st.integers(2, 512))
def test_floods_of_some_callers_leave_room_for_another(capacity: int) -> None:
    queue = FairQueue(capacity)
    for flooding in range(int(log2(capacity))):
        while queue.refusal(str(flooding)) is None:
            queue.put(Ticket(str(flooding)))
    assert queue.refusal("late") is None


@settings(deadline=None)
@given(st.integers(0, 20), st.lists(st.sampled_from(NAMES), max_size=60))
def test_it_is_never_longer_than_it_may_be(capacity: int, asked: list[str]) -> None:
    queue = FairQueue(capacity)
    for caller in asked:
        if queue.refusal(caller) is None:
            queue.put(Ticket(caller))
    assert len(queue) <= capacity


def test_who_filled_it_is_told_so_and_who_did_not_is_told_that_it_is_full() -> None:
    queue = FairQueue(4)
    for caller in "aab":
        queue.put(Ticket(caller))
    queue.put(Ticket("c"))
    assert (queue.refusal("a"), queue.refusal("c"), queue.refusal("d")) == ("own_share", "full", "full")


@settings(deadline=None)
@given(st.lists(st.sampled_from(NAMES), max_size=20), st.sampled_from(NAMES))
def test_no_more_are_ahead_than_was_told_and_at_most_one_fewer_of_each_caller(asked: list[str], caller: str) -> None:
    queue = FairQueue(100)
    for name in asked:
        queue.put(Ticket(name))
    told = queue.ahead(caller)
    mine = Ticket(caller)
    queue.put(mine)
    served: deque[Ticket] = deque()
    while mine not in served:
        ticket = queue.first()
        assert ticket is not None
        queue.remove(ticket)
        queue.take(ticket.caller)
        served.append(ticket)
    assert told - len(NAMES) <= len(served) - 1 <= told


def grants_until(ticket: Ticket, queue: FairQueue) -> int:
    """How many get a place up to this one, if each is kept."""
    for grants in range(1, 1000):
        first = queue.first()
        assert first is not None
        caller = queue.whose_turn(first)
        queue.remove(first)
        queue.take(caller)
        if first is ticket:
            return grants
    raise AssertionError("its turn never came")


def waiting(asked: list[str], held: list[str]) -> tuple[FairQueue, list[Ticket]]:
    queue, tickets = FairQueue(100), [Ticket(caller) for caller in asked]
    for caller in held:
        queue.take(caller)
    for ticket in tickets:
        queue.put(ticket)
    return queue, tickets


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=30),
    st.lists(st.sampled_from(NAMES), max_size=10),
    st.integers(0, 29),
    st.sampled_from(NAMES + "z"),
)
def test_one_that_joins_waits_no_longer_than_for_one_of_its_own_and_delays_nobody_who_asked_first(
    asked: list[str], held: list[str], which: int, joins: str
) -> None:
    alone, tickets = waiting(asked, held)
    without = grants_until(tickets[which % len(asked)], alone)
    own = Ticket(joins)
    beside, _ = waiting(asked, held)
    beside.put(own)
    by_its_own = grants_until(own, beside)
    queue, tickets = waiting(asked, held)
    joined = tickets[which % len(asked)]
    joined.stand_for(joins)
    queue.refile(joined)
    assert len(queue) == len(asked)
    assert grants_until(joined, queue) <= min(without, by_its_own)


def test_whose_turn_came_pays_for_what_several_wait_for() -> None:
    queue, tickets = waiting(list("aaa"), [])
    tickets[2].stand_for("b")
    queue.refile(tickets[2])
    assert [grants_until(ticket, queue) for ticket in (tickets[0], tickets[2], tickets[1])] == [1, 1, 1]
    queue.give_back("b")
    assert queue.held == 2
    queue.give_back("a")
    queue.give_back("a")
    assert queue.held == 0


def test_the_turns_of_one_who_left_count_no_more() -> None:
    queue, tickets = waiting(list("aaab"), [])
    joined = tickets[2]
    for _ in range(2):
        joined.stand_for("c")
    joined.stand_down("c")
    queue.refile(joined)
    assert queue.whose_turn(joined) == "a" and "c" in joined.callers
    joined.stand_down("c")
    queue.refile(joined)
    assert list(joined.callers) == ["a"]
    assert grants_until(joined, queue) == 4
