"""Whom to ask about: charts made for the bench, or what a running service lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.charts import build_index, open_index
from bench.parts import Size

PATIENTS = {"full": 32, "try": 8}
NOTES = 60


@dataclass(frozen=True, slots=True)
class Known:
    """A patient and the number of notes."""

    patient_id: str
    notes: int


def index_for(scratch: Path, size: Size) -> Path:
    """The index of the bench's charts; built by the first part that needs it."""
    folder = scratch / "charts"
    done = folder / "built"
    if not done.exists():
        build_index(folder, patients=PATIENTS[size])
        done.touch()
    return folder / "index"


def known(index: Path) -> list[Known]:
    """The patients of an index."""
    rows = open_index(index).patients(limit=200).patients
    return [Known(row.patient_id, row.notes) for row in rows]


def sixty(patients: Sequence[Known], count: int = 8) -> list[str]:
    """Those whose charts come closest to 60 notes."""
    return [
        one.patient_id for one in sorted(patients, key=lambda one: (abs(one.notes - NOTES), one.patient_id))[:count]
    ]


async def listed(session: aiohttp.ClientSession, most: int = 200) -> list[str]:
    """The first patients that a running service lists.

    Raises:
        RuntimeError: it lists none, or does not say.
    """
    async with session.get("/patients", params={"limit": str(most)}) as answer:
        body = await answer.json()
        if answer.status != 200 or not body["patients"]:
            raise RuntimeError(f"/patients answered {answer.status} without a patient; does it need --key?")
        return [row["patient_id"] for row in body["patients"]]
