"""A model server that dies, hangs or raves under a running service: one service, and it recovers each time by itself.

Each test breaks something while a summary is being written and asks what the reader got, then mends it and asks
whether the model writes again. The service is the same process throughout.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.faults.index import build_index
from tests.faults.judge import Judge, Tally, verified_again
from tests.faults.model import Fault
from tests.faults.world import HANG_S, HOST, World, running, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

WITHIN_S = 15.0
RECOVERED_S = 20.0
Breaking = Callable[[World], None]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("faults")
    with running(folder, build_index(folder, patients=2)) as world:
        yield world
        assert world.serving


class Reader:
    """Asks for summaries and has each answer judged."""

    def __init__(self, world: World, client: httpx.AsyncClient, patients: list[str]) -> None:
        self.world = world
        self.tally = Tally()
        self._judge = Judge(client, self.tally)
        self._patients = patients
        self._turn = 0

    async def ask(self, *, streamed: bool = False) -> dict[str, Any] | None:
        self._turn += 1
        patient = self._patients[self._turn % len(self._patients)]
        return await self._judge.ask({"patient_id": patient}, streamed=streamed, within_s=WITHIN_S)

    async def ask_while(self, breaking: Breaking, *, streamed: bool) -> dict[str, Any] | None:
        """Ask, break something as soon as the model is at it, and take the answer."""
        asking = asyncio.create_task(self.ask(streamed=streamed))
        await asyncio.to_thread(until, lambda: self.world.model.state()["running"] > 0, 10, "the model was not asked")
        await asyncio.to_thread(breaking, self.world)
        return await asking

    async def recovers(self) -> dict[str, Any]:
        """Mend everything, and wait until the model writes again."""
        await asyncio.to_thread(self.world.heal)
        end = asyncio.get_running_loop().time() + RECOVERED_S
        while True:
            summary = await self.ask()
            if summary and summary["mode"] == "abstractive":
                return summary
            assert asyncio.get_running_loop().time() < end, "the model did not write again"
            await asyncio.sleep(0.1)

    async def nothing_was_wrong(self) -> None:
        """No answer was wrong, late or cut off, and the checks let every statement pass again."""
        assert self.tally.wrong == {}
        assert self.tally.statements
        again = await verified_again(self.world.state_dir, self.world.index, self.tally.summary_ids)
        assert again == {"identical": len(self.tally.summary_ids)}


@pytest.fixture
async def reader(world: World) -> AsyncIterator[Reader]:
    async with httpx.AsyncClient(base_url=world.url) as client:
        patients = [p["patient_id"] for p in (await client.get("/patients")).json()["patients"]]
        reader = Reader(world, client, patients)
        await reader.recovers()
        yield reader
        await reader.recovers()
        await reader.nothing_was_wrong()


def kill_engine(world: World) -> None:
    world.model.signal_engine(signal.SIGKILL)


def kill_api(world: World) -> None:
    world.model.kill_api()


def hang_engine(world: World) -> None:
    world.model.signal_engine(signal.SIGSTOP)


@pytest.mark.parametrize("streamed", [False, True], ids=["json", "events"])
@pytest.mark.parametrize("breaking", [kill_engine, kill_api, hang_engine])
async def test_a_reader_gets_a_whole_summary_though_the_model_goes_while_it_writes(
    reader: Reader, breaking: Breaking, streamed: bool
) -> None:
    during = await reader.ask_while(breaking, streamed=streamed)
    assert during is not None
    after = await reader.ask(streamed=streamed)
    assert after is not None and after["mode"] == "extractive"


async def test_a_hung_engine_costs_one_reader_a_moment_and_the_next_none(reader: Reader) -> None:
    loop = asyncio.get_running_loop()
    await reader.ask_while(hang_engine, streamed=False)
    assert "token" in reader.world.readiness()["detail"] or "trial" in reader.world.readiness()["detail"]
    asked, began = reader.world.model.state()["asked"], loop.time()
    summary = await reader.ask()
    assert summary is not None and summary["mode"] == "extractive"
    assert loop.time() - began < HANG_S
    # The watch tries the server now and then; a summary would have been a dozen requests.
    assert reader.world.model.state()["asked"] - asked <= 2


@pytest.mark.parametrize("fault", ["truncated", "error_in_200"])
async def test_an_answer_that_is_broken_now_and_then_is_asked_for_again(reader: Reader, fault: Fault) -> None:
    reader.world.model.misbehave(fault, every=7)
    before = reader.world.model.state()["asked"]
    summary = await reader.ask()
    assert summary is not None and summary["mode"] == "abstractive"
    assert reader.world.model.state()["asked"] > before
    assert reader.world.readiness()["ready"]


@pytest.mark.parametrize("fault", ["truncated", "error_in_200", "half_json", "invents"])
async def test_a_model_that_only_answers_nonsense_is_not_shown(reader: Reader, fault: Fault) -> None:
    reader.world.model.misbehave(fault)
    for streamed in (False, True):
        summary = await reader.ask(streamed=streamed)
        assert summary is not None and summary["mode"] == "extractive"


async def test_a_slow_first_token_is_waited_for(reader: Reader) -> None:
    reader.world.model.misbehave("slow")
    summary = await reader.ask(streamed=True)
    assert summary is not None and summary["mode"] == "abstractive"


async def test_a_server_that_refuses_connections_is_left_alone_until_it_is_back(reader: Reader) -> None:
    reader.world.model.kill()
    for streamed in (False, True, False):
        summary = await reader.ask(streamed=streamed)
        assert summary is not None and summary["mode"] == "extractive"
    assert not reader.world.readiness()["ready"]


async def test_a_name_that_resolves_no_more_is_one_more_way_of_being_away(reader: Reader) -> None:
    await asyncio.to_thread(reader.world.lose_the_name)
    for streamed in (False, True):
        summary = await reader.ask(streamed=streamed)
        assert summary is not None and summary["mode"] == "extractive"
    assert HOST in reader.world.readiness()["detail"]


async def test_a_model_swapped_under_the_service_is_asked_and_named(reader: Reader) -> None:
    world = reader.world
    assert (await reader.recovers())["provenance"]["model"] == world.model.name
    before = world.model.name
    world.model.kill()
    world.model.start(f"other-than-{before}")
    summary = await reader.recovers()
    assert summary["provenance"]["model"] == f"other-than-{before}"
    assert world.readiness()["name"] == f"other-than-{before}"
