"""A limit that follows the model server."""

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from app.admission import AdaptiveLimit
from chains.models import EngineLoad

IDLE = EngineLoad(running=8, waiting=0, kv_usage=0.2)
QUEUEING = EngineLoad(running=8, waiting=40, kv_usage=0.5)
LOADS = st.builds(
    EngineLoad,
    running=st.integers(0, 300),
    waiting=st.integers(0, 1000),
    kv_usage=st.floats(0, 1),
    preemptions=st.integers(0, 5),
)


def rounds(limit: AdaptiveLimit, load: EngineLoad, times: int = 1) -> list[int]:
    """The limit after each of several rounds: a look, and then as many summaries end as were under way."""
    values = []
    for _ in range(times):
        under_way = limit.value
        limit.observe(load, inflight=under_way)
        for _ in range(under_way):
            limit.completed(inflight=max(under_way, limit.value))
        values.append(limit.value)
    return values


def made(*, start: int = 4) -> AdaptiveLimit:
    return AdaptiveLimit(floor=2, ceiling=64, start=start)


def test_doubles_each_round_while_nothing_waits_until_it_first_met_the_servers_limit() -> None:
    assert rounds(made(), IDLE, 5) == [8, 16, 32, 64, 64]


def test_rises_by_one_or_a_tenth_a_round_afterwards() -> None:
    limit = made(start=16)
    fallen = rounds(limit, QUEUEING)[-1]
    risen = rounds(limit, IDLE, 40)
    assert fallen < 16
    assert risen[-1] == 64
    assert all(b - a <= max(2, 0.12 * a) for a, b in pairwise(risen))


def test_does_not_rise_before_anything_was_made() -> None:
    limit = made()
    for _ in range(100):
        limit.observe(IDLE, inflight=4)
    assert limit.value == 4


def test_does_not_rise_while_it_is_not_used() -> None:
    limit = made()
    limit.observe(IDLE, inflight=3)
    limit.completed(inflight=3)
    assert limit.value == 4


def test_falls_while_the_server_queues() -> None:
    assert rounds(made(start=40), QUEUEING, 3) == [30, 22, 11]


def test_falls_when_the_cache_is_full_or_was() -> None:
    full = EngineLoad(running=8, waiting=0, kv_usage=0.97)
    preempting = [EngineLoad(running=8, waiting=0, kv_usage=0.5, preemptions=n) for n in (7, 8)]
    assert rounds(made(start=40), full) == [30]
    limit = made(start=40)
    rounds(limit, preempting[0])
    assert rounds(limit, preempting[1]) == [48]


def test_waits_for_what_it_did_before_it_falls_again() -> None:
    limit = made(start=40)
    limit.observe(QUEUEING, inflight=40)
    limit.observe(QUEUEING, inflight=38)
    assert limit.value == 30


def test_one_burst_does_not_make_it_fall() -> None:
    limit = made()
    rounds(limit, EngineLoad(running=8, waiting=24, kv_usage=0.3))
    assert limit.value == 4


def test_a_batch_that_is_full_with_some_waiting_is_as_it_should_be() -> None:
    limit = made()
    limit.observe(EngineLoad(running=32, waiting=96, kv_usage=0.7), inflight=4)
    assert set(rounds(limit, EngineLoad(running=32, waiting=48, kv_usage=0.7), 10)) == {4}


@settings(deadline=None)
@given(st.lists(st.tuples(LOADS, st.integers(0, 100))), st.integers(1, 100), st.integers(1, 100), st.integers(1, 100))
def test_never_leaves_its_bounds(looked: list[tuple[EngineLoad, int]], floor: int, ceiling: int, start: int) -> None:
    limit = AdaptiveLimit(floor=floor, ceiling=ceiling, start=start)
    for load, inflight in looked:
        limit.observe(load, inflight=inflight)
        limit.completed(inflight=inflight)
        assert min(floor, ceiling) <= limit.value <= ceiling


@dataclass
class Server:
    """It batches so many requests; each summary that is worked on has so many of them with it."""

    batch: int
    a_summary: int

    def load(self, summaries: int) -> EngineLoad:
        requests = summaries * self.a_summary
        running = min(requests, self.batch)
        return EngineLoad(running, requests - running, running / self.batch * 0.8)


@settings(deadline=None)
@given(st.integers(8, 256), st.integers(1, 12))
def test_settles_where_the_batch_is_full_and_little_waits(batch: int, a_summary: int) -> None:
    server, limit = Server(batch, a_summary), AdaptiveLimit(floor=1, ceiling=256, start=8)
    settled = []
    for round_ in range(400):
        load = server.load(limit.value)
        rounds(limit, load)
        if round_ > 300:
            settled.append(load)
    assert all(load.waiting <= 2 * load.running + a_summary for load in settled)
    assert all(load.running >= min(batch, 256 * a_summary) * 0.9 - a_summary for load in settled)
