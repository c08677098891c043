"""One chain at work for all its readers."""

import asyncio
import gc
from typing import Any, cast
from weakref import ref

import pytest

from app.admission import Ticket
from app.runs import Run, Wish
from core.errors import AnamnesisError, DeadlineExceeded, IndexMismatch
from core.records import ChainEvent, EvidenceEvent, SectionEvent, SummaryEvent
from tests.fakes.runs import FakeChain, begun, input_of, runs_over
from vectorstore.generation import Generation


async def read(run: Run, after: int = 0, *, within_s: float = 5.0, linger_s: float = 0.0) -> list[ChainEvent]:
    deadline = asyncio.get_running_loop().time() + within_s
    async with run.join(Wish(deadline, linger_s=linger_s)) as reader:
        return [event async for _, event in reader.events(after)]


async def fail(error: Exception) -> None:
    raise error


async def until(ready: Any) -> None:
    for _ in range(1000):
        if ready():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come about")


async def test_every_reader_gets_every_event_whenever_it_comes() -> None:
    go_on = asyncio.Event()
    chain = FakeChain(go_on.wait)
    run = begun(chain)
    early = [asyncio.create_task(read(run)) for _ in range(3)]
    await until(lambda: run.evidence)
    late = asyncio.create_task(read(run))
    await asyncio.sleep(0)
    go_on.set()
    found = await asyncio.gather(*early, late)
    assert [type(event) for event in found[0]] == [EvidenceEvent, SectionEvent, SummaryEvent]
    assert all(events == found[0] for events in found)
    assert await read(run) == found[0]
    assert chain.begun == 1


async def test_events_are_numbered_from_one_and_read_on_after_any_of_them() -> None:
    run = begun(FakeChain(lambda: asyncio.sleep(0)))
    async with run.join() as reader:
        numbered = [pair async for pair in reader.events()]
    assert [number for number, _ in numbered] == [1, 2, 3]
    assert await read(run, after=2) == [numbered[2][1]]


async def test_the_last_reader_to_leave_ends_the_work_and_frees_the_place() -> None:
    chain = FakeChain(lambda: asyncio.sleep(60))
    run = begun(chain, places=1, queue=0)
    async with run.join():
        async with run.join():
            await until(lambda: run.evidence)
        assert not run.ended
    assert (run.ended, chain.ended) == (True, 1)


async def test_who_comes_back_within_the_linger_finds_the_work_going_on() -> None:
    go_on = asyncio.Event()
    chain = FakeChain(go_on.wait)
    run = begun(chain)
    async with run.join(Wish(linger_s=5)):
        await until(lambda: run.evidence)
    assert (run.readers, run.ended) == (0, False)
    go_on.set()
    assert len(await read(run, after=1)) == 2
    assert chain.begun == 1


async def test_who_does_not_come_back_ends_the_work() -> None:
    chain = FakeChain(lambda: asyncio.sleep(60))
    run = begun(chain)
    async with run.join(Wish(linger_s=0.05)):
        await until(lambda: run.evidence)
    await until(lambda: chain.ended)
    with pytest.raises(AnamnesisError):
        await read(run)


async def test_a_failure_reaches_every_reader_as_the_same_error() -> None:
    go_on = asyncio.Event()

    async def refuse() -> None:
        await go_on.wait()
        raise IndexMismatch("x")

    run = begun(FakeChain(refuse))
    readers = [asyncio.create_task(read(run)) for _ in range(5)]
    await until(lambda: run.readers == 5)
    go_on.set()
    errors = await asyncio.gather(*readers, return_exceptions=True)
    assert {(type(e), str(e)) for e in errors} == {(IndexMismatch, "x")}


async def test_a_reader_whose_time_is_up_leaves_and_the_others_read_on() -> None:
    go_on = asyncio.Event()
    chain = FakeChain(go_on.wait)
    run = begun(chain)
    patient = asyncio.create_task(read(run))
    with pytest.raises(DeadlineExceeded):
        await read(run, within_s=0.05, linger_s=5)
    assert not run.ended
    go_on.set()
    assert len(await patient) == 3
    assert chain.begun == 1


async def test_time_that_is_up_for_the_last_reader_ends_the_work_without_a_linger() -> None:
    chain = FakeChain(lambda: asyncio.sleep(60))
    run = begun(chain)
    with pytest.raises(DeadlineExceeded):
        await read(run, within_s=0.05, linger_s=60)
    assert (run.ended, chain.ended) == (True, 1)


async def test_a_later_reader_has_the_run_wait_for_its_place_as_long_as_it_waits_itself() -> None:
    go_on = asyncio.Event()
    runs = runs_over(FakeChain(go_on.wait), places=1)
    holder = asyncio.create_task(read(runs.begin("other", input_of("other"), Ticket("b"))))
    now = asyncio.get_running_loop().time()
    queued = runs.begin("key", input_of("s"), Ticket("a", deadline=now + 0.1))
    hurried = asyncio.create_task(read(queued, within_s=0.1))
    patient = asyncio.create_task(read(queued, within_s=5))
    with pytest.raises(DeadlineExceeded):
        await hurried
    assert not queued.ended
    go_on.set()
    assert (len(await holder), len(await patient)) == (3, 3)


async def test_a_run_that_still_waits_for_its_place_leaves_the_queue_with_its_last_reader() -> None:
    go_on = asyncio.Event()
    chain = FakeChain(go_on.wait)
    runs = runs_over(chain, places=1)
    holder = asyncio.create_task(read(runs.begin("other", input_of("other"), Ticket("b"))))
    await until(lambda: chain.begun)
    with pytest.raises(DeadlineExceeded):
        await read(runs.begin("key", input_of("s"), Ticket("a")), within_s=0.05)
    go_on.set()
    await holder
    assert chain.begun == 1


async def test_the_events_may_be_read_from_another_task() -> None:
    run = begun(FakeChain(lambda: asyncio.sleep(0.05)))
    async with run.join() as reader:
        events = reader.events()
        await anext(events)

        async def read_on() -> tuple[int, ChainEvent]:
            return await anext(events)

        assert await asyncio.create_task(read_on()) == (2, SectionEvent("a", "ok"))
        await events.aclose()


async def test_an_unforeseen_failure_loses_its_words(caplog: pytest.LogCaptureFixture) -> None:
    for error in (ValueError("patient text"), TimeoutError("patient text")):
        with pytest.raises(AnamnesisError) as failure:
            await read(begun(FakeChain(lambda error=error: fail(error))))
        assert (failure.value.code, "patient text" in str(failure.value)) == ("internal_error", False)
    assert "patient text" not in caplog.text


async def test_a_chain_without_a_summary_is_an_error() -> None:
    with pytest.raises(AnamnesisError, match="without a summary"):
        await read(begun(FakeChain(lambda: asyncio.sleep(0), whole=False)))


async def test_a_chain_that_is_cancelled_from_within_does_not_keep_its_reader_waiting() -> None:
    with pytest.raises(AnamnesisError, match="without a summary"):
        await read(begun(FakeChain(lambda: fail(asyncio.CancelledError()))))  # type: ignore[arg-type]


async def test_closing_the_registry_ends_all_work() -> None:
    chain = FakeChain(lambda: asyncio.sleep(60))
    runs = runs_over(chain)
    first, second = (runs.begin(name, input_of(name), Ticket("a")) for name in "ab")
    await until(lambda: first.evidence and second.evidence)
    await runs.aclose()
    assert chain.ended == 2
    assert runs.joinable("a") is None


async def test_finished_runs_are_remembered_for_a_while_and_so_many_of_them() -> None:
    chain = FakeChain(lambda: asyncio.sleep(0))
    runs = runs_over(chain, remembered_s=0.2, most_remembered=2)
    for name in "abc":
        await read(runs.begin(name, input_of(name), Ticket("a")))
    assert [name for name in "abc" if runs.with_id(name)] == ["b", "c"]
    assert [name for name in "abc" if runs.joinable(name)] == ["b", "c"]
    await until(lambda: not runs.with_id("c"))
    assert [name for name in "abc" if runs.with_id(name) or runs.joinable(name)] == []


async def test_nothing_holds_a_run_that_is_remembered_no_more() -> None:
    runs = runs_over(FakeChain(lambda: asyncio.sleep(0)), most_remembered=3)
    seen = []
    for number in range(10):
        run = runs.begin(f"k{number}", input_of(str(number)), Ticket("a"))
        await read(run)
        seen.append(ref(run))
    del run
    await asyncio.sleep(0)
    gc.collect()
    assert [number for number, run in enumerate(seen) if run()] == [7, 8, 9]


async def test_runs_of_patients_who_are_gone_are_not_remembered() -> None:
    runs = runs_over(FakeChain(lambda: asyncio.sleep(0)))
    await read(runs.begin("k", input_of("s"), Ticket("a")))
    runs.forget_others(cast(Generation, Patients("ben", "ava")))
    assert runs.with_id("s")
    runs.forget_others(cast(Generation, Patients("ben")))
    assert (runs.with_id("s"), runs.joinable("k")) == (None, None)


class Patients(tuple[str, ...]):
    """A generation that knows who is in it."""

    def __new__(cls, *names: str) -> "Patients":
        return super().__new__(cls, names)

    def has(self, patient_id: str) -> bool:
        return patient_id in self


@pytest.mark.parametrize("joins", [True, False])
async def test_who_joins_a_summary_in_another_callers_flood_waits_as_for_one_of_its_own(joins: bool) -> None:
    gate = asyncio.Semaphore(0)
    chain = FakeChain(gate.acquire)
    runs = runs_over(chain, places=2)

    async def ask(caller: str, key: str) -> Run:
        run = runs.joinable(key) or runs.begin(key, input_of(f"{key} of {caller}"), Ticket(caller))
        async with run.join(Wish(caller=caller)) as reader:
            _ = [event async for event in reader.events()]
        return run

    flood = [asyncio.create_task(ask("alice", str(n))) for n in range(17)]
    await until(lambda: chain.begun == 2)
    bob = asyncio.create_task(ask("bob", "16" if joins else "other"))
    await asyncio.sleep(0)
    for _ in range(3):
        gate.release()
    run = await bob
    assert run.ticket and run.ticket.caller == "bob"
    assert chain.ended <= 3
    for _ in range(16):
        gate.release()
    await asyncio.gather(*flood)
    assert chain.begun == (17 if joins else 18)


async def test_the_one_who_stays_keeps_its_turn_when_the_one_who_asked_first_leaves() -> None:
    go_on = asyncio.Event()
    runs = runs_over(FakeChain(go_on.wait), places=1)
    holder = asyncio.create_task(read(runs.begin("other", input_of("other"), Ticket("c"))))
    await asyncio.sleep(0)
    queued = runs.begin("key", input_of("s"), Ticket("alice"))
    assert queued.ticket
    async with queued.join(Wish(caller="bob")):
        async with queued.join(Wish(caller="alice")):
            await asyncio.sleep(0)
            assert set(queued.ticket.callers) == {"alice", "bob"}
        assert list(queued.ticket.callers) == ["bob"]
        go_on.set()
        await until(lambda: queued.summary)
    assert (queued.ticket.caller, len(await holder)) == ("bob", 3)
