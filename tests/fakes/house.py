"""A house in which a patient has left something everywhere: index, checkpoint, state, reports, folders beside."""

import asyncio
import atexit
import gc
import gzip
import json
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from app.factory import create_app
from core.settings import IndexSettings, Settings, StateSettings
from ingest.engines import local
from ingest.erase.run import Order
from ingest.erase.search import Place
from tests.fakes.ingest_world import WORDS, World, row
from tests.fakes.service import Running, started
from vectorstore.holdings import holdings
from vectorstore.layout import Layout
from vectorstore.store import Store

EMMA = "10104711"
FORM = "Consent for treatment was explained and signed.\nThe form is kept with the chart.\n"
SECRETS = (
    "Emma was bitten by a badger behind the greenhouse of her aunt",
    "She plays the bassoon and fears the number seventeen above all",
    "Metoprolol 25 mg daily was started after the incident at the fair",
)


def rows(*, changed: bool = False) -> list[dict[str, Any]]:
    """The notes of three patients; all charts hold the same form."""
    found = []
    for number, secret in enumerate(SECRETS):
        words = secret + (" as she told us again" if changed and number == 0 else "")
        text = f"HISTORY:\n{words}. \n\nMEDICATIONS:\n- Lisinopril 1{number} mg PO daily\n\nCONSENT:\n{FORM}"
        found.append(
            row(f"{EMMA}-DS-{number}", EMMA, text, charted_at=f"2150-0{number + 1}-03", encounter_id="20117733")
        )
    for name in ("ben", "cara"):
        words = f"{name} is well and walks the dog of a neighbour" + (" every day." if changed else ".")
        text = f"HISTORY:\n{words}\n\nMEDICATIONS:\n- Aspirin 81 mg PO daily\n\n{FORM}"
        found.append(row(f"{name}/n1", name, text, charted_at="2151-04-05"))
    return found


@dataclass(frozen=True)
class House:
    """The folders below `root`."""

    root: Path

    @property
    def index(self) -> Path:
        return self.root / "index"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def quarantine(self) -> Path:
        return self.root / "quarantine"

    @property
    def layout(self) -> Layout:
        return Layout(self.index)

    def world(self) -> World:
        return World(self.root)

    def patients(self) -> list[str]:
        """Who is in the live generation."""
        return list(self.world().live().patient_ids())

    def order(self, **changes: Any) -> Order:
        """An order to erase Emma."""
        places = tuple(Place(name, self.root / name, own=False) for name in ("evaluation", "exports"))
        given = {
            "patient_id": EMMA,
            "index_dir": self.index,
            "state_dir": self.state,
            "quarantine_dir": self.quarantine,
            "requested_by": "J. Doe",
            "reason": "a request",
            "wait_s": 5.0,
            "elsewhere": places,
        }
        return Order(**given | changes)  # type: ignore[arg-type]

    def service(self) -> Any:
        """A service on this house; the index is looked at every tenth of a second."""
        settings = Settings(state=StateSettings(dir=self.state), index=IndexSettings(dir=self.index, poll_s=0.1))
        app = create_app(settings, store=Store(self.index, WORDS))
        return started(app, self.state / "state.sqlite")

    def database(self) -> closing[sqlite3.Connection]:
        """The state database, as somebody else's."""
        return closing(sqlite3.connect(self.state / "state.sqlite", isolation_level=None))

    def traces(self, *more: bytes) -> list[str]:
        """Files, packed or not, in which Emma's id or one of her secrets stands."""
        words = [EMMA.encode(), *(s.encode() for s in SECRETS), *more]
        found = []
        for path in self.root.rglob("*"):
            if path.is_file() and path.parent != self.root:
                content = path.read_bytes()
                content += gzip.decompress(content) if content[:2] == b"\x1f\x8b" else b""
                if any(w in content for w in words) or EMMA in path.relative_to(self.root).as_posix():
                    found.append(path.relative_to(self.root).as_posix())
        return sorted(found)


def furnish(root: Path) -> House:
    """Three generations, a compaction, reports, summaries, and a checkpoint of a run that was interrupted."""
    house = House(root)
    world = house.world()
    bad = {"note_id": f"{EMMA}-XX-1", "patient_id": EMMA, "text": " "}
    empty = {"note_id": "ben/x", "patient_id": "ben", "text": ""}
    world.ingest(world.write("notes", [*rows(), bad, empty]), max_bad_share=1)
    world.ingest(world.write("notes", [*rows(changed=True), bad]), max_bad_share=1)
    for name in ("dan", "eve"):
        world.ingest(world.write(name, [row(f"{name}/1", name, f"{name} has a cough.\n{FORM}")]))
    _interrupt(world)
    longest = max((h for h in holdings(house.layout, EMMA)), key=lambda h: h.place == "staging")
    (root / "vector").write_bytes(longest.vectors[-1].tobytes())
    asyncio.run(_use(house))
    # What the service held is let go when its last cycle is collected.
    gc.collect()
    (root / "evaluation").mkdir()
    (root / "evaluation/run.json").write_text(json.dumps({"chart": "synthetic", "text": "Aspirin 81 mg PO daily"}))
    (root / "exports").mkdir()
    (root / "exports/ben.txt").write_text("ben is well and walks the dog of a neighbour.")
    return house


@cache
def furnished() -> House:
    """A house furnished once for all tests; none of them changes it."""
    folder = Path(tempfile.mkdtemp(prefix="anamnesis-house-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return furnish(folder)


def copied(to: Path) -> House:
    """A furnished house of one's own."""
    return House(Path(shutil.copytree(furnished().root, to)))


def _interrupt(world: World) -> None:
    """Leave the checkpoint of a run that was working on a new note of Emma's."""

    def stop(texts: list[str]) -> None:
        if any("z9" in text for text in texts):
            raise KeyboardInterrupt

    late = row(f"{EMMA}-LATE-1", EMMA, f"LATE:\n{SECRETS[1]}, and the tuba.")
    world.before_embedding = stop
    with patch.object(local, "WINDOW_NOTES", 2), suppress(KeyboardInterrupt):
        world.ingest(world.write("notes", [*rows(changed=True), late, *(row(f"z{i}", f"z{i}") for i in range(20))]))


async def _use(house: House) -> None:
    async with house.service() as service:
        await use(service)


async def use(service: Running) -> str:
    """Summaries of two patients, with a verdict and views. Returns the id of Emma's summary."""
    headers = {"x-purpose": f"round with {EMMA}"}
    ids = {}
    for patient_id in (EMMA, "ben"):
        answer = await service.client.post("/summarize", json={"patient_id": patient_id}, headers=headers)
        assert answer.status_code == 200
        ids[patient_id] = answer.json()["summary_id"]
    await service.client.get(f"/notes/{EMMA}-DS-1")
    await service.client.get(f"/patients/{EMMA}")
    comment = "The bassoon of the aunt is missing in all of this"
    body = {"summary_id": ids[EMMA], "verdict": "incomplete", "comment": comment}
    assert (await service.client.post("/feedback", json=body)).status_code == 201
    return str(ids[EMMA])
