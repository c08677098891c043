"""What a crowd meets, in virtual time: a server of eight places, each taken for a second."""

import asyncio
import random
from dataclasses import dataclass, field

from app.admission import AdaptiveLimit, Admission, Priority, Ticket
from core.errors import Overloaded
from core.telemetry import Metrics
from tests.fakes.virtual_time import run_in_virtual_time

PLACES, HELD_S = 8, 1.0


@dataclass
class Crowd:
    """What came of those who asked; times in virtual seconds."""

    served_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    retry_after: list[int] = field(default_factory=list)

    async def ask(self, gate: Admission, caller: str, priority: Priority = "interactive") -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with gate.place(Ticket(caller, priority, began + 120)):
                await asyncio.sleep(HELD_S)
        except Overloaded as e:
            self.refused_s.append(loop.time() - began)
            self.retry_after.append(e.retry_after_s or 0)
        else:
            self.served_s.append(loop.time() - began)

    def p95(self) -> float:
        return sorted(self.served_s)[int(0.95 * len(self.served_s))]


def made() -> Admission:
    limit = AdaptiveLimit(floor=PLACES, ceiling=PLACES, start=PLACES)
    return Admission(limit=limit, max_queued=64, metrics=Metrics())


def come(load: float, *, for_s: float = 400.0, callers: str = "abcdefgh") -> Crowd:
    """People come at random, at so many times the rate at which they can be served."""

    async def scene() -> Crowd:
        chance, gate, crowd = random.Random(7), made(), Crowd()
        loop = asyncio.get_running_loop()
        until = loop.time() + for_s
        async with asyncio.TaskGroup() as group:
            while loop.time() < until:
                await asyncio.sleep(chance.expovariate(load * PLACES / HELD_S))
                group.create_task(crowd.ask(gate, chance.choice(callers)))
        return crowd

    return run_in_virtual_time(scene())


def test_at_three_times_what_can_be_served_the_rest_is_refused_at_once_and_the_served_are_not_slowed() -> None:
    full, crowded = come(1.0), come(3.0)
    assert max(crowded.refused_s) == 0.0
    assert crowded.p95() <= 1.5 * full.p95()
    assert len(crowded.served_s) >= 0.99 * PLACES / HELD_S * 400
    assert len(crowded.refused_s) >= 0.6 * (len(crowded.refused_s) + len(crowded.served_s))


def test_half_of_what_can_be_served_is_served_without_refusing_any() -> None:
    crowd = come(0.5)
    assert crowd.refused_s == []
    assert crowd.p95() < 2 * HELD_S


def test_who_waits_as_long_as_told_finds_the_queue_served() -> None:
    async def scene() -> tuple[int, float]:
        gate, crowd, later = made(), Crowd(), Crowd()
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            for _ in range(3 * PLACES):
                group.create_task(crowd.ask(gate, "warm"))
            await asyncio.sleep(2.5 * HELD_S)
            for caller in "abcdefgh" * 20:
                group.create_task(crowd.ask(gate, caller))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            told, began = max(crowd.retry_after), loop.time()
            await asyncio.sleep(told)
            await later.ask(gate, "late")
        return told, loop.time() - began - told - later.served_s[0]

    told, over_s = run_in_virtual_time(scene())
    assert 7 <= told <= 9
    assert over_s == 0.0


def test_nobody_waits_longer_for_the_sake_of_a_flood_than_its_fair_share() -> None:
    """One caller asks twenty times as often as there are places; another one's few are served within two rounds."""

    async def scene() -> Crowd:
        gate, flood, few = made(), Crowd(), Crowd()
        async with asyncio.TaskGroup() as group:
            for _ in range(100):
                for _ in range(16):
                    group.create_task(flood.ask(gate, "flood"))
                group.create_task(few.ask(gate, "few"))
                await asyncio.sleep(0.5)
        return few

    few = run_in_virtual_time(scene())
    assert few.refused_s == []
    assert max(few.served_s) <= 2 * HELD_S


def test_an_endless_crowd_does_not_keep_a_batch_from_being_made() -> None:
    async def scene() -> tuple[int, int]:
        gate, people, batch = made(), Crowd(), Crowd()
        async with asyncio.TaskGroup() as group:
            for _ in range(30):
                group.create_task(batch.ask(gate, "night", "batch"))
            for _ in range(1200):
                group.create_task(people.ask(gate, "day"))
                await asyncio.sleep(HELD_S / PLACES / 2)
        return len(batch.served_s), len(people.served_s)

    batch, people = run_in_virtual_time(scene())
    assert batch == 30
    assert people >= 500
