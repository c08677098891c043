"""Clients of a service whose index is published anew all the time: every answer is checked, and what it costs."""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import aiohttp

from tests.crash.publisher import STEADY

ROOT = Path(__file__).resolve().parents[2]
_START_S = 60.0
_SAMPLE_S = 0.5


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation as a summary gave it, and the generation that the summary names."""

    generation: int
    note_id: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Use:
    """What the service's process held at a moment: open files, resident memory in bytes."""

    files: int
    memory: int


@dataclass(slots=True)
class Observed:
    """Everything the clients saw. `failures` are answers that are none of 200, or not what they should be."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    cited: list[Cited] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    publications: Counter[str] = field(default_factory=Counter)
    generations: set[int] = field(default_factory=set)

    def percentile(self, share: float) -> float:
        """Seconds within which that share of the requests was answered."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def fewest_files(self, part: slice) -> int:
        """The fewest files that were open in a part of the samples: what is never closed raises them."""
        return min(use.files for use in self.uses[part])

    def files(self, part: slice) -> int:
        """The most files that were open in a part of the samples."""
        return max(use.files for use in self.uses[part])


def observe(root: Path, *, clients: int = 4, seconds: float = 20.0, every_s: float = 0.5) -> Observed:
    """Run publisher, service and clients for a while, and check every citation against its generation's notes."""
    seen = Observed()
    command = [sys.executable, "-m", "tests.crash.publisher", str(root)]
    with subprocess.Popen(
        [*command, "--seconds", str(seconds), "--every", str(every_s)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as publisher:  # fmt: skip
        try:
            assert publisher.stdout is not None and publisher.stdin is not None
            assert publisher.stdout.readline() == "ready\n"
            with _service(root) as (pid, port):
                url = f"http://127.0.0.1:{port}"
                asyncio.run(_until_ready(url))
                publisher.stdin.write("go\n")
                publisher.stdin.flush()
                asyncio.run(_load(seen, url, pid, clients, seconds))
            status = publisher.wait(timeout=_START_S)
        finally:
            publisher.kill()
    if status:
        seen.failures.append(f"the publisher ended with status {status}")
    else:
        seen.publications.update(json.loads((root / "kinds.json").read_text()))
    seen.failures += _misquoted(seen.cited, root)
    return seen


def _misquoted(cited: list[Cited], root: Path) -> list[str]:
    texts = {int(path.stem): json.loads(path.read_text()) for path in (root / "history").iterdir()}
    return [
        f"generation {c.generation} does not say what note {c.note_id} is quoted with"
        for c in cited
        if texts[c.generation].get(c.note_id, "")[c.start : c.end] != c.quote
    ]


@contextmanager
def _service(root: Path) -> Iterator[tuple[int, int]]:
    """A service over the index; its process and port."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    variables = {
        "ANAMNESIS_INDEX__DIR": str(root / "index"),
        "ANAMNESIS_INDEX__POLL_S": "0.05",
        "ANAMNESIS_STATE__DIR": str(root / "state"),
        "ANAMNESIS_SERVICE__PORT": str(port),
        "OMP_NUM_THREADS": "1",
    }
    with (root / "service.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.service"],
            cwd=ROOT, env={**os.environ, **variables}, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield process.pid, port
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=_START_S)
        finally:
            process.kill()
            process.wait()


async def _load(seen: Observed, url: str, pid: int, clients: int, seconds: float) -> None:
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(url, timeout=timeout, connector=aiohttp.TCPConnector(limit=clients)) as session:
        notes = await _notes(session)
        until = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            for number in range(clients):
                group.create_task(_Client(session, seen, notes, random.Random(number)).work(until))
            group.create_task(_sample(seen, pid, until))


async def _until_ready(url: str) -> None:
    until = time.monotonic() + _START_S
    async with aiohttp.ClientSession(url) as session:
        while time.monotonic() < until:
            try:
                async with session.get("/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError("the service did not become ready")


async def _notes(session: aiohttp.ClientSession) -> list[str]:
    """The notes of the patients who stay."""
    found = []
    for number in range(STEADY):
        async with session.get(f"/patients/p{number:02d}") as answer:
            found += [note["note_id"] for note in (await answer.json())["notes"]]
    return found


async def _sample(seen: Observed, pid: int, until: float) -> None:
    """See what the process holds, from after the first few requests on."""
    await asyncio.sleep(2 * _SAMPLE_S)
    while time.monotonic() < until:
        seen.uses.append(await asyncio.to_thread(_use, pid))
        await asyncio.sleep(_SAMPLE_S)


def _use(pid: int) -> Use:
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return Use(files, pages * os.sysconf("SC_PAGE_SIZE"))


class _Client:
    def __init__(self, session: aiohttp.ClientSession, seen: Observed, notes: list[str], rng: random.Random) -> None:
        self._session = session
        self._seen = seen
        self._notes = notes
        self._rng = rng

    async def work(self, until: float) -> None:
        """One request after the other."""
        kinds = (self._summary, self._summary, self._note, self._patient, self._listing)
        while time.monotonic() < until:
            began = time.monotonic()
            try:
                await self._rng.choice(kinds)()
            except (aiohttp.ClientError, TimeoutError, KeyError) as e:
                self._seen.failures.append(f"{type(e).__name__}: {e}")
            self._seen.seconds.append(time.monotonic() - began)

    def _someone(self) -> str:
        return f"p{self._rng.randrange(STEADY):02d}"

    async def _summary(self) -> None:
        summary = await self._ask("POST", "/summarize", json={"patient_id": self._someone()})
        generation = summary["provenance"]["index_generation"]
        self._seen.generations.add(generation)
        citations = [c for part in summary["sections"] for s in part["statements"] for c in s["citations"]]
        if not citations:
            self._seen.failures.append("a summary without a citation")
        self._seen.cited += [Cited(generation, c["note_id"], c["start"], c["end"], c["quote"]) for c in citations]

    async def _note(self) -> None:
        note_id = self._rng.choice(self._notes)
        note = await self._ask("GET", f"/notes/{quote(note_id, safe='')}")
        if f"Note {note_id}, version " not in note["text"]:
            self._seen.failures.append("a note with another note's text")

    async def _patient(self) -> None:
        patient_id = self._someone()
        if (await self._ask("GET", f"/patients/{patient_id}"))["patient_id"] != patient_id:
            self._seen.failures.append("another patient than was asked for")

    async def _listing(self) -> None:
        listed = {row["patient_id"] for row in (await self._ask("GET", "/patients?limit=200"))["patients"]}
        if not {f"p{number:02d}" for number in range(STEADY)} <= listed:
            self._seen.failures.append("a listing without those who stay")

    async def _ask(self, method: str, path: str, **body: object) -> dict:
        async with self._session.request(method, path, **body) as answer:
            content = await answer.json()
            if answer.status != 200:
                self._seen.failures.append(f"{method} {path.split('?')[0]}: {answer.status} {content.get('code')}")
            return content
