"""What callers do to a service in a day, in seconds: ask, ask again, leave, come back, ask for too much or wrongly."""

import asyncio

import httpx
import orjson

from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.service import eventually

STREAM = {"accept": "text/event-stream"}
FRESH = {"cache-control": "no-cache"}
# Longer than two scrapes: what a counter was before and what it is after must both be seen.
PAUSE_S = 2.2


def faithful(prompt: str) -> str:
    """Rewrites the lines almost as they stand, which every check lets pass; the very words would be a quote."""
    lines = [x for x in prompt.rpartition("no new words")[2].splitlines() if x.startswith("[E")]
    words = [x.partition("] ")[2] for x in lines]
    return orjson.dumps({"statement": "Noted: " + " ".join(w.partition(") ")[2] or w for w in words)}).decode()


class Traffic:
    """Requests to the service at `address`, whose model is `server`."""

    def __init__(self, address: str, server: FakeOpenAIServer) -> None:
        self.client = httpx.AsyncClient(base_url=address, timeout=60)
        self.server = server

    async def run(self) -> None:
        """All of it, twice where a rate needs a before and an after."""
        async with self.client:
            await self.until_ready()
            for words in (250, 260):
                await asyncio.sleep(PAUSE_S)
                await self.ask_and_ask_again(words)
                await self.ask_wrongly()
                await self.leave_and_come_back()
                await self.ask_for_too_much()
                await self.batch(words)
            self.server.behaviour = "400"
            await self.summarize(headers=FRESH)
            self.server.behaviour = "reset"
            for _ in range(3):
                await self.summarize(headers=FRESH)
            await asyncio.sleep(PAUSE_S)
            self.server.behaviour = "normal"
            await self.until_ready()

    async def until_ready(self) -> None:
        """Wait until the service uses its model."""

        async def ready() -> bool:
            return bool((await self.client.get("/readyz")).json()["model"]["ready"])

        await eventually(ready, within_s=60)

    async def summarize(
        self, patient_id: str = "ava", headers: dict[str, str] | None = None, **fields: object
    ) -> httpx.Response:
        """One request."""
        return await self.client.post("/summarize", json={"patient_id": patient_id, **fields}, headers=headers)

    async def ask_and_ask_again(self, words: int) -> None:
        """Made, found, made anew, and made once for two."""
        for headers in ({}, {}, FRESH):
            answer = await self.summarize(headers=headers)
            assert answer.status_code == 200, answer.text
        self.server.delay_s = 0.5
        both = await asyncio.gather(*(self.summarize(template="discharge", max_words=words) for _ in range(2)))
        assert [answer.status_code for answer in both] == [200, 200]
        self.server.delay_s = 0

    async def ask_wrongly(self) -> None:
        """For nobody, and for nonsense."""
        assert (await self.summarize("nobody")).status_code == 404
        assert (await self.summarize(template="horoscope")).status_code == 422

    async def leave_and_come_back(self) -> None:
        """Streams left in the middle: one for good, one taken up again."""
        self.server.delay_s = 1.5
        await self.first_event_id()
        last = await self.first_event_id()
        again = await self.summarize(headers={**STREAM, "last-event-id": last})
        assert again.status_code == 200
        await asyncio.sleep(1)
        self.server.delay_s = 0

    async def first_event_id(self) -> str:
        """Read one event of a stream and leave."""
        body = {"patient_id": "ava", "template": "handoff", "max_words": 300}
        async with self.client.stream("POST", "/summarize", json=body, headers=STREAM | FRESH) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("id:"):
                    return line.partition(":")[2].strip()
        raise AssertionError("a stream without an id")

    async def ask_for_too_much(self) -> None:
        """More at once than there are places for, here and in the queue; one of those that wait leaves."""
        self.server.delay_s = 1.0
        asked = [self.summarize(max_words=100 + n, headers=FRESH) for n in range(9)]
        waiting = [asyncio.create_task(request) for request in asked]
        await self.leave_the_queue(waiting)
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        statuses = {answer.status_code for answer in answers if isinstance(answer, httpx.Response)}
        assert 200 in statuses and statuses & {429, 503}, statuses
        self.server.delay_s = 0

    async def leave_the_queue(self, waiting: list[asyncio.Task[httpx.Response]]) -> None:
        """Have the last ones leave, one after another, until one of them was still in the queue."""
        await asyncio.sleep(0.3)
        for request in reversed(waiting):
            request.cancel()
            await asyncio.gather(request, return_exceptions=True)
            await asyncio.sleep(0.02)
            metrics = (await self.client.get("/metrics")).text.splitlines()
            if 'anamnesis_cancelled_total{stage="queued"} 0.0' not in metrics:
                return

    async def batch(self, words: int) -> None:
        """Two summaries that nobody waits for."""
        body = {"requests": [{"patient_id": name, "max_words": words + 1} for name in ("ava", "ben")]}
        self.server.delay_s = 1.2
        answer = await self.client.post("/summarize/batch", json=body)
        assert answer.status_code == 202, answer.text

        async def done() -> bool:
            return bool((await self.client.get(answer.headers["location"])).json()["state"] == "done")

        await eventually(done, within_s=60)
        self.server.delay_s = 0
