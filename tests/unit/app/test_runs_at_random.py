"""Readers that come, stay, leave and come back as they like."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from random import Random
from typing import Any, cast

import pytest

from app.admission import Ticket
from app.runs import Run, Runs, Wish
from chains import ChainInput
from core.errors import AnamnesisError, DeadlineExceeded, ModelUnavailable
from core.records import ChainEvent, EvidenceEvent, SectionEvent, SummaryEvent
from tests.fakes.runs import FakeChain, input_of, runs_over, summary_of

KEYS = ("a", "b", "c")


class SlowChain:
    """Says ten things with pauses of a random length; one summary in five fails half way."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.begun: Counter[str] = Counter()
        self.open = 0

    async def astream(self, chain_input: ChainInput) -> AsyncIterator[ChainEvent]:
        self.begun[chain_input.summary_id.partition("-")[0]] += 1
        self.open += 1
        fails = self._random.random() < 0.2
        try:
            yield EvidenceEvent(chain_input.summary_id, (), 1, ("n",))
            for number in range(10):
                await asyncio.sleep(self._random.uniform(0, 0.01))
                if fails and number == 5:
                    raise ModelUnavailable(chain_input.summary_id)
                yield SectionEvent(str(number), "ok")
            yield SummaryEvent(summary_of(chain_input.summary_id))
        finally:
            self.open -= 1


class Crowd:
    """Reads runs, and holds against each other what its readers saw."""

    def __init__(self, runs: Runs, random: Random) -> None:
        self._runs = runs
        self._random = random
        self._made = 0
        self.whole: dict[str, list[ChainEvent]] = {}
        self.errors: dict[str, AnamnesisError] = {}
        self.left = 0

    def _run(self, key: str) -> Run:
        run = self._runs.joinable(key)
        if run is None:
            self._made += 1
            run = self._runs.begin(key, input_of(f"{key}-{self._made}"), Ticket(f"caller {self._made % 3}"))
        return run

    async def visit(self) -> None:
        """One reader: it comes at some moment and stays for some events, or to the end, or until its time is up."""
        random = self._random
        await asyncio.sleep(random.uniform(0, 0.2))
        run = self._run(random.choice(KEYS))
        stays_for = random.choice((0, 1, 3, 99, 99))
        linger_s = random.choice((0.0, 0.0, 0.02))
        patience_s = random.choice((0.02, 5.0, 5.0))
        after = await self._read(run, 0, stays_for, Wish(self._until(patience_s), linger_s=linger_s))
        if after and linger_s and random.random() < 0.7 and not run.ended:
            await self._read(run, after, 99, Wish(self._until(5.0)))

    def _until(self, seconds: float) -> float:
        return asyncio.get_running_loop().time() + seconds

    async def _read(self, run: Run, after: int, stays_for: int, wish: Wish) -> int:
        seen: list[ChainEvent] = []
        summary_id = run.subject.summary_id
        try:
            async with run.join(wish) as reader:
                async for number, event in reader.events(after):
                    seen.append(event)
                    assert number == after + len(seen)
                    if len(seen) >= stays_for:
                        self.left += 1
                        return number
        except DeadlineExceeded:
            self.left += 1
        except AnamnesisError as error:
            assert self.errors.setdefault(summary_id, error) is error
        else:
            assert isinstance(seen[-1], SummaryEvent)
            whole = self.whole.setdefault(summary_id, list(run.events))
            assert whole[after:] == seen
        return 0


@pytest.mark.parametrize("seed", range(12))
async def test_every_reader_that_stays_sees_all_of_one_summary_and_nobody_works_for_the_gone(seed: int) -> None:
    random = Random(seed)
    chain = SlowChain(random)
    runs = runs_over(cast(FakeChain, chain), places=2, remembered_s=0.1, most_remembered=4)
    before = asyncio.all_tasks()
    crowd = Crowd(runs, random)
    async with asyncio.timeout(30):
        await asyncio.gather(*(crowd.visit() for _ in range(120)))
    await asyncio.sleep(0.15)
    assert chain.open == 0
    assert asyncio.all_tasks() == before
    assert crowd.whole and crowd.left
    assert sum(chain.begun.values()) < 60
    assert held(runs) == 0


@pytest.mark.parametrize("seed", range(6))
async def test_readers_that_stay_cost_one_run_however_many_come(seed: int) -> None:
    random = Random(seed)
    chain = FakeChain(lambda: asyncio.sleep(0.05))
    runs = runs_over(chain)

    async def read() -> list[ChainEvent]:
        await asyncio.sleep(random.uniform(0, 0.04))
        run = runs.joinable("key") or runs.begin("key", input_of("s"), Ticket("a"))
        async with run.join(Wish(linger_s=random.choice((0, 0.1)))) as reader:
            return [event async for _, event in reader.events()]

    found = await asyncio.gather(*(read() for _ in range(200)))
    assert chain.begun == 1
    assert all(events == found[0] for events in found)


def held(runs: Any) -> int:
    """How many runs are held under whatever name."""
    return len(runs._by_key) + len(runs._running) + len(runs._finished)
