"""Places: who gets one, who waits, who is refused, and that none is ever lost."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.admission import AdaptiveLimit, Admission, Priority, Ticket
from app.admission.admission import EXTRACTIVE_PLACES
from chains.models import EngineLoad
from core.errors import DeadlineExceeded, Overloaded
from core.telemetry import Metrics
from tests.fakes.virtual_time import run_in_virtual_time


def made(places: int, *, queued: int = 100, batch_after: int = 10, metrics: Metrics | None = None) -> Admission:
    limit = AdaptiveLimit(floor=1, ceiling=places, start=places)
    return Admission(limit=limit, max_queued=queued, metrics=metrics or Metrics(), batch_after=batch_after)


async def ticks() -> None:
    """Let everything that can go on go on."""
    for _ in range(5):
        await asyncio.sleep(0)


class Visit:
    """One that wants a place and keeps it until it is told to leave."""

    def __init__(self, gate: Admission, ticket: Ticket, on_place: Callable[[Ticket], None] = lambda _: None) -> None:
        self.ticket = ticket
        self.has_place = False
        self._gate, self._on_place = gate, on_place
        self._may_go = asyncio.Event()
        self._given_up = False
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async with self._gate.place(self.ticket):
            assert not self._given_up, "it got a place though it had given up"
            self.has_place = True
            self._on_place(self.ticket)
            try:
                await self._may_go.wait()
            finally:
                self.has_place = False

    def leave(self) -> None:
        self._may_go.set()

    def give_up(self) -> None:
        self._given_up = not self.has_place
        self.task.cancel()

    async def error(self) -> BaseException | None:
        await asyncio.wait({self.task})
        return asyncio.CancelledError() if self.task.cancelled() else self.task.exception()


async def ask(gate: Admission, *tickets: Ticket, on_place: Callable[[Ticket], None] = lambda _: None) -> list[Visit]:
    visits = [Visit(gate, ticket, on_place) for ticket in tickets]
    await ticks()
    return visits


async def end(*visits: Visit) -> None:
    for visit in visits:
        visit.leave()
    await asyncio.gather(*(v.task for v in visits), return_exceptions=True)


async def test_a_person_is_served_before_batches_that_asked_earlier() -> None:
    gate, served = made(1), list[Ticket]()
    first, batch, person = Ticket("a"), Ticket("b", "batch"), Ticket("c")
    visits = await ask(gate, first, batch, person, on_place=served.append)
    await end(*visits)
    assert served == [first, person, batch]


@pytest.mark.parametrize(("batch_after", "of_batches"), [(10, 2), (1, 15), (0, 0)])
async def test_batches_get_their_share_of_places_while_people_wait(batch_after: int, of_batches: int) -> None:
    gate, served = made(1, batch_after=batch_after, queued=200), list[Priority]()
    tickets = [Ticket(f"{i % 3}", "batch" if i % 2 else "interactive") for i in range(80)]
    visits = await ask(gate, Ticket("first"), *tickets, on_place=lambda t: served.append(t.priority))
    for _ in range(30):
        next(v for v in visits if v.has_place).leave()
        await ticks()
    assert served[1:].count("batch") == of_batches
    await end(*visits)
    assert served.count("batch") == 40


async def test_batches_leave_places_free_for_one_who_comes() -> None:
    gate = made(8)
    batches = await ask(gate, *(Ticket("night", "batch") for _ in range(20)))
    person, *_ = await ask(gate, Ticket("day"))
    assert sum(v.has_place for v in batches) == 6
    assert person.has_place
    await end(person, *batches)


async def test_a_batch_is_worked_on_even_where_there_is_one_place_only() -> None:
    gate = made(1)
    visits = await ask(gate, Ticket("night", "batch"), Ticket("night", "batch"))
    assert [v.has_place for v in visits] == [True, False]
    await end(*visits)


async def test_what_a_person_joins_moves_before_the_batches() -> None:
    gate, served = made(1), list[Ticket]()
    tickets = [Ticket("a", "batch") for _ in range(3)]
    visits = await ask(gate, Ticket("a"), *tickets, on_place=served.append)
    tickets[2].promote()
    tickets[2].promote()
    assert tickets[2].priority == "interactive"
    await end(*visits)
    assert served[1:] == [tickets[2], tickets[0], tickets[1]]


async def test_what_is_promoted_takes_a_place_that_batches_have_to_leave_free() -> None:
    gate = made(4)
    visits = await ask(gate, *(Ticket("a", "batch") for _ in range(4)))
    assert not visits[3].has_place
    visits[3].ticket.promote()
    await ticks()
    assert visits[3].has_place
    await end(*visits)


async def test_a_flood_is_refused_for_its_own_share_and_others_are_let_in() -> None:
    gate = made(1, queued=8)
    flood = await ask(gate, *(Ticket("flood") for _ in range(20)))
    refused = [e for v in flood if v.task.done() and isinstance(e := await v.error(), Overloaded)]
    other, *_ = await ask(gate, Ticket("other"))
    assert len(refused) == 15
    assert {(e.status, e.code) for e in refused} == {(429, "overloaded")}
    assert all(1 <= (e.retry_after_s or 0) <= 120 for e in refused)
    flood[0].leave()
    flood[1].leave()
    await ticks()
    assert other.has_place
    await end(other, *flood)


async def test_a_queue_full_of_others_is_nobodys_own_fault() -> None:
    gate = made(1, queued=2)
    visits = await ask(gate, Ticket("a"), Ticket("b"), Ticket("c"))
    late, *_ = await ask(gate, Ticket("d"))
    error = await late.error()
    assert isinstance(error, Overloaded)
    assert (error.status, error.code) == (503, "overloaded")
    await end(*visits)


async def test_it_can_be_asked_whether_a_place_would_be_refused_at_once() -> None:
    gate = made(1, queued=2)
    gate.refuse_if_full(Ticket("d"))
    visits = await ask(gate, Ticket("a"), Ticket("b"), Ticket("c"))
    with pytest.raises(Overloaded) as refused:
        gate.refuse_if_full(Ticket("d"))
    assert refused.value.status == 503 and refused.value.retry_after_s
    await end(*visits)
    gate.refuse_if_full(Ticket("d"))


async def test_one_whose_deadline_has_passed_never_waits_nor_gets_a_place() -> None:
    gate = made(1)
    late, *_ = await ask(gate, Ticket("a", deadline=asyncio.get_running_loop().time() - 1))
    assert isinstance(await late.error(), DeadlineExceeded)
    assert gate.inflight == 0


def test_one_whose_deadline_passes_leaves_the_queue_at_that_moment() -> None:
    async def scene() -> tuple[float, bool, bool]:
        gate, loop = made(1, queued=2), asyncio.get_running_loop()
        began = loop.time()
        holder, late = await ask(gate, Ticket("a"), Ticket("b", deadline=began + 5))
        error = await late.error()
        left = loop.time() - began
        (after,) = await ask(gate, Ticket("c"))
        holder.leave()
        await ticks()
        got_it = after.has_place
        await end(after)
        return left, isinstance(error, DeadlineExceeded), got_it

    assert run_in_virtual_time(scene()) == (5.0, True, True)


def test_a_deadline_that_is_extended_is_waited_for() -> None:
    async def scene() -> float:
        gate, loop = made(1), asyncio.get_running_loop()
        began = loop.time()
        holder, late = await ask(gate, Ticket("a"), Ticket("b", deadline=began + 5))
        late.ticket.extend(began + 2)
        late.ticket.extend(began + 9)
        await late.error()
        await end(holder)
        return loop.time() - began

    assert run_in_virtual_time(scene()) == 9.0


async def test_a_lower_limit_takes_no_place_away_and_gives_none_until_enough_came_free() -> None:
    gate = made(8)
    visits = await ask(gate, *(Ticket("a") for _ in range(9)))
    gate.adapt_to_none()
    assert (gate.limit, gate.inflight) == (EXTRACTIVE_PLACES, 8)
    for visit in visits[: 8 - EXTRACTIVE_PLACES]:
        visit.leave()
    await ticks()
    assert not visits[8].has_place
    visits[8 - EXTRACTIVE_PLACES].leave()
    await ticks()
    assert visits[8].has_place
    await end(*visits)


async def test_a_higher_limit_gives_places_at_once() -> None:
    gate = made(8)
    gate.adapt_to_none()
    visits = await ask(gate, *(Ticket("a") for _ in range(6)))
    gate.adapt_to_unknown()
    await ticks()
    assert all(v.has_place for v in visits)
    await end(*visits)


async def test_the_series_tell_what_waits_and_what_runs() -> None:
    metrics = Metrics()
    gate = made(2, metrics=metrics)
    visits = await ask(gate, *(Ticket("a", p) for p in ("interactive", "batch", "interactive", "batch")))

    def told(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"anamnesis_{name}", labels)

    assert (told("inflight_summaries"), told("queued_summaries"), told("concurrency_limit")) == (2, 2, 2)
    await end(*visits)
    assert (told("inflight_summaries"), told("queued_summaries")) == (0, 0)
    assert told("queue_seconds_count", priority="interactive") == 2
    assert told("queue_seconds_count", priority="batch") == 2


HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask_batch", "leave", "give_up", "promote", "join", "part", "limit", "tick"]),
        st.integers(0, 9),
    ),
    max_size=60,
)


async def _happen(gate: Admission, happenings: list[tuple[str, int]]) -> list[Visit]:
    """Do one after the other without letting the loop run in between, but at a tick."""
    visits: list[Visit] = []
    for what, which in happenings:
        chosen = visits[which % len(visits)] if visits else None
        if what in {"ask", "ask_batch"}:
            visits.append(Visit(gate, Ticket(f"{which % 3}", "batch" if what == "ask_batch" else "interactive")))
        elif what == "leave" and chosen:
            chosen.leave()
        elif what == "give_up" and chosen:
            chosen.give_up()
        elif what == "promote" and chosen:
            chosen.ticket.promote()
        elif what == "join" and chosen:
            chosen.ticket.stand_for(f"{which % 4}")
        elif what == "part" and chosen:
            chosen.ticket.stand_down(f"{which % 4}")
        elif what == "limit":
            gate.adapt(EngineLoad(8, 0 if which % 2 else 80, 0.1))
        else:
            await ticks()
        assert sum(v.has_place for v in visits) <= gate.inflight
    return visits


@settings(deadline=None)
@given(HAPPENINGS)
def test_whoever_gives_up_gets_no_place_and_none_is_lost(happenings: list[tuple[str, int]]) -> None:
    async def scene() -> None:
        metrics = Metrics()
        gate = made(3, metrics=metrics)
        visits = await _happen(gate, happenings)
        await end(*visits)
        for visit in visits:
            with suppress(asyncio.CancelledError):
                assert visit.task.exception() is None
        assert gate.inflight == 0
        assert not any(queue.held or len(queue) for queue in gate._queues.values())
        assert metrics.registry.get_sample_value("anamnesis_queued_summaries") in {0, None}
        again = await ask(gate, *(Ticket("again") for _ in range(gate.limit)))
        assert all(v.has_place for v in again)
        await end(*again)

    run_in_virtual_time(scene())
